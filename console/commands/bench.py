"""`licence bench`: what the cryptography costs on this machine."""

from __future__ import annotations

from console.options import Json
from console.output import speaking


def bench(as_json: Json = False) -> None:
    """Measure proving, verifying, updating and issuing, each also as a ratio to one two-pair pairing check."""
    with speaking(as_json) as speaker:
        from console.bench import run

        with speaker.console().status("measuring, in interleaved rounds"):
            result = run()
        if as_json:
            speaker.done(result)
            return
        from rich.table import Table

        table = Table("what", "median", "pairing checks", box=None, padding=(0, 2))
        for row in result["rows"]:
            table.add_row(row["name"], f"{row['median_us'] / 1000:.3f} ms", f"{row['ratio']:.2f}")
        speaker.console().print(table)
        speaker.line(f"one pairing check {result['unit_us'] / 1000:.3f} ms · proof {result['proof_octets']} octets")
        speaker.line(f"peak memory {result['peak_rss_mib']:.0f} MiB")
