"""AnonCreds v1 as a peer: CL signatures over 2048-bit RSA, the `>=` predicate, the CKS accumulator.

python -m benchmarks.peers.anoncreds_peer FOLDER    FOLDER takes the registry's tails file
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anoncreds

from benchmarks.peers.anoncreds_verifier import DEFINITION, REGISTRY, SCHEMA, Gateway, Request
from benchmarks.peers.child import Work, run

LICENCE = json.loads((Path(__file__).parent / "licence.json").read_text(encoding="utf-8"))
REGISTRY_SIZE = 1000
_ISSUER = "did:web:issuer"
_OURS, _NOW, _LATER = 7, 1000, 1005


class AnonCreds:
    """One issuer with one revocation registry, one holder, one gateway."""

    def __init__(self, folder: Path) -> None:
        names = list(LICENCE["attributes"])
        schema = anoncreds.Schema.create("licence", "1.0", _ISSUER, names)
        definition, self._key, self._correctness = anoncreds.CredentialDefinition.create(
            SCHEMA, schema, _ISSUER, "tag", "CL", support_revocation=True
        )
        registry, self._registry_key = anoncreds.RevocationRegistryDefinition.create(
            DEFINITION, definition, _ISSUER, "tag", "CL_ACCUM", REGISTRY_SIZE, tails_dir_path=str(folder)
        )
        status = anoncreds.RevocationStatusList.create(
            definition, REGISTRY, registry, self._registry_key, _ISSUER, True, _NOW
        )
        self._gateway = Gateway(schema, definition, registry, status)
        self._secret = anoncreds.create_link_secret()
        offer, request, metadata = self._request()
        self._credential = self._sign(offer, request).process(metadata, self._secret, definition, registry)
        self._state = self._state_of(status)
        self._last = (b"", _asked("0"))

    def about(self) -> str:
        """The package and its native library."""
        return f"anoncreds {version('anoncreds')} (native library {anoncreds.library_version()})"

    def issue(self) -> Work:
        """Check the request's proof, sign, give the revocation index."""
        offer, request, _ = self._request()

        def work() -> int:
            self._sign(offer, request)
            return 0

        return work

    def prove(self) -> Work:
        """A presentation as JSON, as it goes over the wire."""
        request = _asked(anoncreds.generate_nonce())

        def work() -> int:
            octets = self._present(request, self._state, _NOW)
            self._last = (octets, request)
            return len(octets)

        return work

    def verify(self) -> Work:
        """See `Gateway.check`."""
        octets, request = self._last

        def work() -> int:
            self._gateway.check(octets, request)
            return 0

        return work

    def pack(self, path: Path) -> None:
        """See `Peer`."""
        path.write_text(self._gateway.pack(*self._last), encoding="utf-8")

    def refusals(self) -> dict[str, str]:
        """See `Peer`."""
        now = self._gateway
        status = now.status.update(now.definition, now.registry, self._registry_key, None, [_OURS], _LATER)
        revoked = replace(now, status=status)
        after = int(LICENCE["attributes"]["expires"]) + 1
        return {
            "valid": self._outcome(now, {}, {}),
            "replayed": self._outcome(now, {}, {"nonce": anoncreds.generate_nonce()}),
            "revoked, old proof": self._outcome(revoked, {}, {"at": _LATER}),
            "revoked, old witness": self._outcome(revoked, {"at": _LATER}, {"at": _LATER}),
            "expired, old proof": self._outcome(now, {}, {"day": after}),
            "expired, new proof": self._outcome(now, {"day": after}, {"day": after}),
        }

    def _outcome(self, checking: Gateway, asked: dict[str, Any], checked: dict[str, Any]) -> str:
        """Prove what `asked` asks for and let `checking` check it as an answer to `checked`."""
        nonce = anoncreds.generate_nonce()
        try:
            octets = self._present(_asked(**{"nonce": nonce} | asked), self._state, asked.get("at", _NOW))
        except anoncreds.AnoncredsError:
            return "prover"
        try:
            checking.check(octets, _asked(**{"nonce": nonce} | checked))
        except (anoncreds.AnoncredsError, ValueError, LookupError):
            return "verifier"
        return "accepted"

    def _present(self, request: Request, state: Any, at: int) -> bytes:
        chosen = anoncreds.PresentCredentials()
        chosen.add_attributes(self._credential, "shown", reveal=True, timestamp=at, rev_state=state)
        chosen.add_predicates(self._credential, "good", timestamp=at, rev_state=state)
        made = anoncreds.Presentation.create(
            request.parsed,
            chosen,
            {},
            self._secret,
            {SCHEMA: self._gateway.schema},
            {DEFINITION: self._gateway.definition},
        )
        return str(made.to_json()).encode()

    def _request(self) -> tuple[Any, Any, Any]:
        offer = anoncreds.CredentialOffer.create(SCHEMA, DEFINITION, self._correctness)
        definition = self._gateway.definition
        return offer, *anoncreds.CredentialRequest.create("entropy", None, definition, self._secret, "default", offer)

    def _sign(self, offer: Any, request: Any) -> Any:
        gateway = self._gateway
        place = anoncreds.CredentialRevocationConfig(gateway.registry, self._registry_key, gateway.status, _OURS)
        return anoncreds.Credential.create(
            gateway.definition, self._key, offer, request, LICENCE["attributes"], None, place
        )

    def _state_of(self, status: Any) -> Any:
        registry = self._gateway.registry
        return anoncreds.CredentialRevocationState.create(registry, status, _OURS, registry.tails_location)


def _asked(nonce: str, day: int = LICENCE["today"], at: int = _NOW) -> Request:
    """A gateway's request: two attributes shown, expiry at least `day`, not revoked at the time `at`."""
    ours = [{"cred_def_id": DEFINITION}]
    predicate = {"name": LICENCE["at_least_today"], "p_type": ">=", "p_value": day, "restrictions": ours}
    return Request(
        {
            "nonce": nonce,
            "name": "gateway",
            "version": "1.0",
            "requested_attributes": {"shown": {"names": LICENCE["shown"], "restrictions": ours}},
            "requested_predicates": {"good": predicate},
            "non_revoked": {"from": at, "to": at},
        }
    )


if __name__ == "__main__":
    run(lambda: AnonCreds(Path(sys.argv[1])))
