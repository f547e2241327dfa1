"""Makes the files. Everything is derived from labels, so that they come out the same every time."""

from __future__ import annotations

from pathlib import Path

from console.conformance.frozen.document import Vector, document
from console.conformance.frozen.recipes import TOPICS, Topic


def documents() -> dict[str, str]:
    """File name to text, one file per topic. A few seconds."""
    known: dict[str, Vector] = {}
    made = {}
    for name, recipe in TOPICS.items():
        topic = Topic(name, known)
        recipe(topic)
        made[f"{name}.json"] = document(name, topic.vectors)
    return made


def write(folder: Path) -> list[Path]:
    """Write all files into `folder`, which is made where it is missing, and give their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in documents().items():
        path = folder / name
        path.write_bytes(text.encode("ascii"))
        paths.append(path)
    return paths
