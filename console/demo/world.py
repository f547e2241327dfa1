"""The stage of the demonstration: its folder, addresses, clock, insurer, and the processes that play on it.

An identity provider, the issuer, and two providers, each an API with a gateway before it. All separate processes, all
on the loopback interface, all following one clock file that the story may move forward.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from circuits import DigitTable, Secret, check_digit_table
from circuits.records import TrustBundle
from console.clock import clock_of, read_offset, write_offset
from console.commands.issuer import CLIENT_JWKS
from console.demo.insurer import NAME, Insurer
from console.demo.loopback import loopback_client
from console.demo.processes import Process, Processes, free_ports
from console.options import ENVIRONMENT

CLIENT_ID = "licence-issuer"
HOST = "127.0.0.1"
POLL_SECONDS = "1"


@dataclass(frozen=True)
class Provider:
    """A provider of the story: its name, its gateway's origin, its API's address."""

    name: str
    slug: str
    origin: str
    upstream: str

    @property
    def port(self) -> str:
        """The gateway's port."""
        return self.origin.rpartition(":")[2]

    @property
    def upstream_port(self) -> str:
        """The API's port."""
        return self.upstream.rpartition(":")[2]


@dataclass
class World:
    """Everything that the acts of the story share. Made by `build`."""

    folder: Path
    processes: Processes
    insurer: Insurer
    passphrase: Secret[str]
    issuer_url: str
    identity_url: str
    providers: tuple[Provider, Provider]
    answers: Mapping[str, str]
    sabotage: str = ""
    running: dict[str, Process] = field(default_factory=dict)
    trust_hash: str = ""
    http: httpx.Client = field(default_factory=loopback_client)

    @property
    def clock_file(self) -> Path:
        """The file that moves everybody's clock."""
        return self.folder / "clock"

    @property
    def clock(self) -> tuple[str, str]:
        """The option that makes a command follow the story's clock."""
        return ("--clock-file", str(self.clock_file))

    @property
    def issuer_data(self) -> Path:
        """The issuer's folder."""
        return self.folder / "issuer"

    @property
    def shares(self) -> Path:
        """Where set-up left the openers' shares."""
        return self.folder / "shares"

    @property
    def trust_file(self) -> Path:
        """The trust bundle that wallets and gateways pin."""
        return self.issuer_data / "public" / "trust.cbor"

    @property
    def trust(self) -> TrustBundle:
        """The trust bundle."""
        return TrustBundle.decode(self.trust_file.read_bytes())

    @cached_property
    def table(self) -> DigitTable:
        """The issuer's digit table, checked once in this process."""
        return check_digit_table(self.trust.issuer, (self.trust_file.parent / "records" / "digits.bin").read_bytes())

    def now(self) -> int:
        """The story's time, unix seconds."""
        return clock_of(self.clock_file)()

    def pass_time(self, seconds: int) -> None:
        """Move every process's clock forward."""
        write_offset(self.clock_file, read_offset(self.clock_file) + seconds)

    def gateway_data(self, provider: Provider) -> Path:
        """The folder of a provider's gateway, with its audit trail."""
        return self.folder / f"gateway-{provider.slug}"

    def licence(self, *arguments: str, expect: int | None = 0) -> dict[str, Any]:
        """A `licence` command in a process of its own, and the object it prints."""
        done = self.processes.run("console.main", *arguments, "--json", expect=expect)
        return dict(json.loads(done.stdout))

    def together(self, *calls: Any) -> list[Any]:
        """Several of these at once, each in a thread; their results in order."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]

    def start_apis(self) -> None:
        """Start the two APIs, which need nobody."""
        for provider in self.providers:
            arguments = ("--port", provider.upstream_port, "--name", provider.name)
            self._start(f"api-{provider.slug}", "console.demo.upstream", *arguments)

    def set_up_issuer(self) -> dict[str, Any]:
        """`licence issuer init`."""
        keys = self.folder / "insurer.jwks.json"
        keys.write_text(json.dumps(self.insurer.public_keys()), encoding="utf-8")
        told = self.licence(
            *(
                "issuer",
                "init",
                "--data",
                str(self.issuer_data),
                "--url",
                self.issuer_url,
                "--shares",
                str(self.shares),
            ),
            *("--identity-provider", self.identity_url, "--client-id", CLIENT_ID, "--insurer", f"{NAME}={keys}"),
            *self.clock,
        )
        self.trust_hash = told["trust_hash"]
        return told

    def start_servers(self) -> None:
        """Start identity provider, issuer and gateways, and wait until all of them answer."""
        self._start(
            "identity",
            "console.demo.provider",
            *("--port", self.identity_url.rpartition(":")[2], "--client-id", CLIENT_ID),
            *("--client-jwks", str(self.issuer_data / CLIENT_JWKS)),
            *("--redirect-uri", f"{self.issuer_url}/sign-in/callback", *self.clock),
        )
        self.start_issuer()
        for provider in self.providers:
            self._start_gateway(provider)
        self.together(*(lambda name=name: self.wait(name) for name in self.running))

    def start_issuer(self) -> None:
        """`licence issuer serve`. Does not wait."""
        port = self.issuer_url.rpartition(":")[2]
        self._start(
            "issuer", "console.main", "issuer", "serve", "--data", str(self.issuer_data), "--port", port, *self.clock
        )

    def kill(self, name: str) -> None:
        """End one process with kill -9."""
        self.processes.kill(self.running.pop(name))

    def wait(self, name: str) -> None:
        """Wait until a process answers."""
        urls = {"issuer": f"{self.issuer_url}/epochs/latest.cose", "identity": f"{self.identity_url}/jwks"}
        for provider in self.providers:
            urls[f"api-{provider.slug}"] = f"{provider.upstream}/v1/public/ready"
            urls[f"gateway-{provider.slug}"] = f"{provider.origin}/licence/jwks"
        if name.startswith("gateway-") and self._without_gateway(name.removeprefix("gateway-")):
            return
        self.processes.wait_ready(self.running[name], urls[name])

    def _start_gateway(self, provider: Provider) -> None:
        if self._without_gateway(provider.slug):
            arguments = ("--port", provider.port, "--name", provider.name)
            self._start(f"gateway-{provider.slug}", "console.demo.upstream", *arguments)
            return
        self._start(
            f"gateway-{provider.slug}",
            *("console.main", "gateway", "serve", "--data", str(self.gateway_data(provider))),
            *("--trust", str(self.trust_file), "--trust-hash", self.trust_hash, "--upstream", provider.upstream),
            *("--origin", provider.origin, "--port", provider.port, "--poll-seconds", POLL_SECONDS, *self.clock),
        )

    def _without_gateway(self, slug: str) -> bool:
        return self.sabotage == "no-gateway" and slug == self.providers[1].slug

    def _start(self, name: str, module: str, *arguments: str) -> None:
        self.running[name] = self.processes.start(name, module, *arguments)


def build(folder: Path, processes: Processes, passphrase: Secret[str], sabotage: str) -> World:
    """A stage in `folder` (emptied by the caller), with addresses chosen and nothing running yet."""
    ports = free_ports(6)
    north = Provider("Northwind AI", "northwind", f"http://{HOST}:{ports[2]}", f"http://{HOST}:{ports[3]}")
    south = Provider("Southgate Cloud", "southgate", f"http://{HOST}:{ports[4]}", f"http://{HOST}:{ports[5]}")
    world = World(
        folder=folder,
        processes=processes,
        insurer=Insurer(),
        passphrase=passphrase,
        issuer_url=f"http://{HOST}:{ports[0]}",
        identity_url=f"http://{HOST}:{ports[1]}",
        providers=(north, south),
        answers=starter_answers(),
        sabotage=sabotage,
    )
    write_offset(world.clock_file, 0)
    return world


def starter_answers() -> Mapping[str, str]:
    """The right option of every question of the starter bank, by the question's text: the candidates have studied."""
    from issuer.assessment.bank import decode_answers, decode_bank, starter_octets

    items, answers = starter_octets()
    bank = decode_bank(items)
    keys = decode_answers(answers, bank)
    return {item.stem: item.options[keys[item.id]] for item in bank.items}


def new_passphrase() -> tuple[Secret[str], dict[str, str]]:
    """A passphrase for the story's wallets, and the environment that hands it to commands."""
    passphrase = secrets.token_urlsafe(18)
    return Secret(passphrase), {ENVIRONMENT: passphrase}
