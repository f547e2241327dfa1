from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from circuits import Secret
from issuer.assessment import library, sealing
from issuer.assessment.bank import Approvals, Status, day_of, decode_answers, decode_bank, starter_octets
from issuer.assessment.lints import LINTS, findings, name_digest
from issuer.assessment.policy import Topic
from issuer.errors import Invalid, TooLarge, Unavailable
from tests.issuer.assessment.exam_world import NOON, Setting

TODAY = NOON // 86_400
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def _changed(change: Change) -> tuple[bytes, bytes]:
    items, answers = map(json.loads, starter_octets())
    change(items, answers)
    return json.dumps(items).encode(), json.dumps(answers).encode()


def _codes(change: Change) -> set[str]:
    items, answers = _changed(change)
    bank = decode_bank(items)
    return {finding.code for finding in findings(bank, decode_answers(answers, bank), TODAY)}


@pytest.mark.requirement("R20")
@pytest.mark.requirement("R26")
def test_the_starter_bank_passes_every_lint() -> None:
    bank = decode_bank(starter_octets()[0])
    assert findings(bank, decode_answers(starter_octets()[1], bank), TODAY) == ()
    assert len(bank.items) >= 72
    assert {topic: sum(item.topic is topic for item in bank.items) >= 12 for topic in Topic} == dict.fromkeys(
        Topic, True
    )


def test_items_do_not_hold_their_answers() -> None:
    items = json.loads(starter_octets()[0])["items"]
    assert all("key" not in item and "answer" not in item for item in items)


def _set(**values: object) -> Change:
    return lambda items, _answers: items["items"][0].update(values)


def _retire_topic(items: dict[str, Any], _answers: dict[str, Any]) -> None:
    for item in [item for item in items["items"] if item["topic"] == "care"][:3]:
        item["status"] = "retired"


def _no_core(items: dict[str, Any], _answers: dict[str, Any]) -> None:
    for item in items["items"]:
        item["must_answer"] = item["must_answer"] and item["topic"] != "care"


def _one_enemy_group(items: dict[str, Any], _answers: dict[str, Any]) -> None:
    for item in items["items"]:
        if item["topic"] == "care":
            item["enemy_group"] = "same"


def _twin_stems(items: dict[str, Any], _answers: dict[str, Any]) -> None:
    items["items"][1]["stem"] = items["items"][0]["stem"]


def _same_position(items: dict[str, Any], answers: dict[str, Any]) -> None:
    for item in items["items"]:
        place = answers["answers"][item["id"]]["key"]
        item["options"].insert(0, item["options"].pop(place))
        answers["answers"][item["id"]]["key"] = 0


def _long_answers(items: dict[str, Any], answers: dict[str, Any]) -> None:
    for item in items["items"]:
        item["options"][answers["answers"][item["id"]]["key"]] += ", and much more besides, for reasons given above"


def _short_answers(items: dict[str, Any], answers: dict[str, Any]) -> None:
    for item in items["items"]:
        item["options"][answers["answers"][item["id"]]["key"]] = "Yes"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_retire_topic, "blueprint"),
        (_set(approvals={"ai": "a", "legal": "b", "consumer": "c"}), "approvals"),
        (_set(review_by="2026-11-20"), "review-by"),
        (_set(stem="Why should one use Kubernetes for it?"), "products"),
        (_set(rationale="As stable diffusion shows."), "products"),
        (_set(options=["Same", "same", "Other thing", "Yet another"]), "options"),
        (_set(options=["One", "Two", "Three", "All of the above"]), "options"),
        (_twin_stems, "stems"),
        (_set(enemy_group="alone"), "enemies"),
        (_one_enemy_group, "enemies"),
        (_no_core, "core"),
        (_long_answers, "key-length"),
        (_short_answers, "key-length"),
        (_same_position, "key-position"),
    ],
)
def test_each_lint_finds_its_fault(change: Change, code: str) -> None:
    assert code in _codes(change)


def test_every_lint_has_a_source_and_a_code_of_its_own() -> None:
    assert len({lint.code for lint in LINTS}) == len(LINTS)
    assert all(lint.source for lint in LINTS)


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("missing", ["ai", "legal", "consumer", "ethics"])
def test_an_item_with_three_approvals_cannot_go_live(setting: Setting, missing: str) -> None:
    def change(items: dict[str, Any], _answers: dict[str, Any]) -> None:
        items["items"][0]["approvals"][missing] = None

    before = library.current_bank(setting.world.settings)
    with pytest.raises(Invalid) as caught:
        library.publish(setting.world.settings, *_changed(change), NOON)
    assert caught.value.code == "bank-refused"
    assert missing in str(caught.value.extra["findings"])
    assert library.current_bank(setting.world.settings) == before


@pytest.mark.requirement("R25")
def test_items_past_their_review_date_drop_out_and_the_topic_alarm_sounds() -> None:
    bank = decode_bank(starter_octets()[0])
    late = TODAY + 3 * 366
    assert bank.live(late) == ()
    codes = [found.code for found in findings(bank, decode_answers(starter_octets()[1], bank), late)]
    assert codes.count("blueprint") == 6
    assert codes.count("review-by") == len(bank.items)


@pytest.mark.requirement("R24")
@pytest.mark.requirement("R25")
def test_an_item_is_live_through_its_review_day_with_all_approvals_only() -> None:
    item = decode_bank(starter_octets()[0]).items[0]
    last = day_of(item.review_by)
    assert item.live_on(last)
    assert not item.live_on(last + 1)
    assert not item.model_copy(update={"approvals": Approvals(ai="a", legal="b", consumer="c")}).live_on(last)
    assert not item.model_copy(update={"status": Status.DRAFT}).live_on(last)


@pytest.mark.requirement("R26")
@pytest.mark.requirement("R78")
def test_names_are_denied_by_digest() -> None:
    assert name_digest("Docker") == name_digest("docker")
    assert name_digest("docker") != name_digest("dockers")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"{}",
        b'{"bank":"x","version":0,"items":[]}',
        b"\xff\xfe",
        starter_octets()[0][:-5],
        starter_octets()[1],
    ],
)
def test_a_malformed_bank_is_refused(octets: bytes) -> None:
    with pytest.raises(Invalid, match="bank-malformed"):
        decode_bank(octets)


def test_a_huge_bank_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        decode_bank(b" " * (4 * 1024 * 1024 + 1))


def test_unknown_members_and_double_ids_are_refused() -> None:
    with pytest.raises(Invalid, match="bank-malformed"):
        decode_bank(_changed(_set(key=1))[0])
    with pytest.raises(Invalid, match="same id"):
        decode_bank(_changed(_set(id="aut-02"))[0])


def test_answers_of_another_bank_are_refused() -> None:
    def other_version(_items: dict[str, Any], answers: dict[str, Any]) -> None:
        answers["answers"]["aut-01"]["version"] = 2

    def missing(_items: dict[str, Any], answers: dict[str, Any]) -> None:
        del answers["answers"]["aut-01"]

    for change in (other_version, missing):
        items, answers = _changed(change)
        with pytest.raises(Invalid, match="answers-malformed"):
            decode_answers(answers, decode_bank(items))


def test_answers_are_sealed_on_disk_and_bound_to_their_bank(setting: Setting) -> None:
    folder = setting.world.settings.data_dir / "assessment"
    bank = library.current_bank(setting.world.settings)
    sealed = (folder / f"{bank.digest}.answers").read_bytes()
    assert b"aut-01" not in sealed
    assert (setting.world.settings.keys_dir / "assessment.key").stat().st_mode & 0o777 == 0o600
    key = Secret((setting.world.settings.keys_dir / "assessment.key").read_bytes())
    assert sealing.unseal_answers(key, bank.digest, sealed) == starter_octets()[1]
    for wrong in (
        lambda: sealing.unseal_answers(key, "0" * 64, sealed),
        lambda: sealing.unseal_answers(sealing.new_key(), bank.digest, sealed),
        lambda: sealing.unseal_answers(key, bank.digest, sealed[:-1]),
        lambda: sealing.unseal_answers(key, bank.digest, b""),
    ):
        with pytest.raises(Unavailable, match="answers-sealed"):
            wrong()


def test_a_bank_changed_on_disk_is_refused(setting: Setting) -> None:
    folder = setting.world.settings.data_dir / "assessment"
    digest = "ab" * 32
    (folder / f"{digest}.items.json").write_bytes(starter_octets()[0])
    with pytest.raises(Unavailable, match="no-bank"):
        library.bank_of(setting.world.settings, digest)
    (folder / "current").unlink()
    with pytest.raises(Unavailable, match="no-bank"):
        setting.assessment.status("nobody")


def test_initialising_again_keeps_the_key(setting: Setting) -> None:
    key = (setting.world.settings.keys_dir / "assessment.key").read_bytes()
    library.initialise(setting.world.settings, NOON)
    assert (setting.world.settings.keys_dir / "assessment.key").read_bytes() == key
    setting.person("p")
    setting.fail("p")
