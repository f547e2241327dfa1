"""Published values of the SHAKE-256 suite: the drafts' key pair, two signatures, and a proof with ten nym secrets."""

from __future__ import annotations

from circuits import bbs
from circuits.bbs.pseudonym import finish_nym_secrets, nym_polynomial
from circuits.entropy import ReplayEntropy
from circuits.secret import Secret
from circuits.suite import SHAKE256
from console.conformance.mocks import SEED, seeded_random_scalars

HEADER = bytes.fromhex("11223344556677889900aabbccddeeff")
PRESENTATION = bytes.fromhex("bed231d880675ed101ead304512e043ade9958dd0241ea70b4b3957fba941501")
CONTEXT = bytes.fromhex("bbb4750cdce6d2122bb4c4f039b6ad5a79f028eb448013a38636a95d63af360a")
MESSAGES = [
    bytes.fromhex(text)
    for text in (
        "9872ad089e452c7b6e283dfac2a80d58e8d0ff71cc4d5e310a1debdda4a45f02",
        "c344136d9ab02da4dd5908bbba913ae6f58c2cc844b802a6f811f5fb075f9b80",
        "7372e9daa5ed31e6cd5c825eac1b855e84476a1d94932aa348e07b73",
        "77fe97eb97a1ebe2e81e4e3597a3ee740a66e9ef2412472c",
        "496694774c5604ab1b2544eababcf0f53278ff50",
        "515ae153e22aae04ad16f759e07237b4",
        "d183ddc6e2665aa4e2f088af",
        "ac55fb33a75909ed",
        "96012096",
        "",
    )
]
COMMITTED = [
    bytes.fromhex(text)
    for text in (
        "5982967821da3c5983496214df36aa5e58de6fa25314af4cf4c00400779f08c3",
        "a75d8b634891af92282cc81a675972d1929d3149863c1fc0",
        "835889a40744813a892eff9deb1edaeb",
        "e1ca9729410dc6ba",
        "",
    )
]
NYMS = Secret(
    (
        0x359A3FF97FE4554A128CCCA9E4940D72776324148625064ED7F8C9E076267872,
        0x31A3EEF9C4F64660FD3CF4B5415C5664B0428FBB1A67E55A15FB64F679052DCE,
        0x27E4799055E7FB866EBF33D0015D969595893B8A32F697CD3AD8FB4EAE2789B3,
        0x4FDF6EDD605A5739AB0F3C3C270C1CF3966A3DD4612A3938E65DF46A943684B9,
        0x049B977366FA3DFA3BB3B69B9339C72E07696D9D82542C040C839CF981CEA751,
        0x0FDA4E24EF0B8710C6A1D05EE860E78D46ACC906FECC88E5E8E51CA70ADD646B,
        0x3802C1B3AA27DBE7961C0DA5556979E7237BD140B697BC0E61E8A016A3D3C781,
        0x3AAF0F90D978D84E92BA9FD32E4997F30AE489417AF921F2D21550F4DBACF1CA,
        0x667C5E1643F0F5DF65BDB35FA401F1C3BED45FE91F1E26F430DD44B8BBEF6A4B,
        0x2C66FF30503ED03A9571DEDB5E5A301AEB0D9F02294FB875554F7F4AF04397C8,
    )
)
ENTROPY = 0x3D40961FCE6C09EEC24A371322732932503B458D7A4CF7891BDAA765B30027C5
NYM_KEY = Secret(0x60E55110F76883A13D030B2F6BD11883422D5ABDE717569FC0731F51237169FC)


def mocks(use: bytes, count: int) -> ReplayEntropy:
    dst = SHAKE256.api_id + use + b"_MOCK_RANDOM_SCALARS_DST_"
    return ReplayEntropy(seeded_random_scalars(SHAKE256, SEED, dst, count))


def test_key_pair_and_signatures() -> None:
    secret = bbs.key_gen(
        SHAKE256,
        b"this-IS-just-an-Test-IKM-to-generate-$e(r@t#-key",
        b"this-IS-some-key-metadata-to-be-used-in-test-key-gen",
        SHAKE256.api_id + b"KEYGEN_DST_",
    )
    assert secret.expose() == 0x2EEE0F60A8A3A8BEC0EE942BFD46CBDAE9A0738EE68F5A64E7238311CF09A079
    key = bbs.encode_public_key(SHAKE256, bbs.sk_to_pk(SHAKE256, secret))
    assert key.hex() == (
        "92d37d1d6cd38fea3a873953333eab23a4c0377e3e049974eb62bd45949cdeb18fb0490edcd4429adff56e65cbce42cf"
        "188b31bddbd619e419b99c2c41b38179eb001963bc3decaae0d9f702c7a8c004f207f46c734a5eae2e8e82833f3e7ea5"
    )
    assert bbs.sign(SHAKE256, secret, key, HEADER, MESSAGES[:1]).hex() == (
        "b9a622a4b404e6ca4c85c15739d2124a1deb16df750be202e2430e169bc27fb71c44d98e6d40792033e1c452145ada95"
        "030832c5dc778334f2f1b528eced21b0b97a12025a283d78b7136bb9825d04ef"
    )
    assert bbs.sign(SHAKE256, secret, key, HEADER, MESSAGES).hex() == (
        "956a3427b1b8e3642e60e6a7990b67626811adeec7a0a6cb4f770cdd7c20cf08faabb913ac94d18e1e92832e924cb6e2"
        "02912b624261fc6c59b0fea801547f67fb7d3253e1e2acbcf90ef59a6911931e"
    )


def test_pseudonym_with_ten_secrets() -> None:
    key = bbs.encode_public_key(SHAKE256, bbs.sk_to_pk(SHAKE256, NYM_KEY))
    commitment, blind = bbs.commit_with_nym(SHAKE256, COMMITTED, NYMS, mocks(b"COMMIT", 17))
    assert blind.expose() == 0x341301965CD9CB48E6A62AE6A5E84FCFF35777AEECF99332534CF510ED7DE0D1
    signature = bbs.blind_sign_with_nym(SHAKE256, NYM_KEY, key, commitment, 10, ENTROPY, HEADER, MESSAGES)
    assert signature.hex() == (
        "8d6a5469075c123b88b44add5ff350c437423b604a918b88ee0d2fc88c84a9c1428318645755a30b452c529b1a8543e3"
        "443d5397b56d0da221beeafd12526f8b42d03291512f8505e94cdccd4bf0a9d6"
    )
    secrets = finish_nym_secrets(NYMS, ENTROPY)
    value = nym_polynomial(SHAKE256, CONTEXT, secrets.expose(), bbs.nym_api_id(SHAKE256))
    assert value == 0x4C56D62CC652128947F79A4E6767B917B45FC1499C781498EC5F7EF18C61473F
    proof, nym = bbs.proof_gen_with_nym(
        SHAKE256, key, signature, HEADER, PRESENTATION, secrets, CONTEXT, MESSAGES, COMMITTED,
        list(range(10)), list(range(5)), blind, mocks(b"PROOF", 16),
    )  # fmt: skip
    assert nym.hex() == (
        "b1f78ce7925c4d378159b7a7dbe40f6a4235cccee54213e1470d1e3b803585872e0207f048d545243e436fc462df7700"
    )
    decoded = bbs.decode_proof(SHAKE256, proof)
    assert SHAKE256.curve.encode_g1(decoded.a_bar).hex() == (
        "8dedc85bd1fdf59b5af98fe53b8edfc14312741e7d4118ff1569a156df985236b87b32f9022921d694ac65ad3ded5537"
    )
    assert decoded.challenge == 0x1D937CFAA04F830304D8BF030BDDCF43E181AA062079A3216D1C4286E1D84ADC
