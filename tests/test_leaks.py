"""What in a text could be an address or a secret: found in every disguise, and not seen where there is none."""

import json
import random
import string
from pathlib import Path
from typing import Any, ClassVar

import pytest

import drift_mcp.sandbox
from drift_mcp.leaks import addresses, plain, secrets

SEED_TEXTS = Path(drift_mcp.sandbox.__file__).parent / "seed" / "data"


def found(text: str) -> list[str]:
    readable = plain(text)
    return addresses(readable) + [what for what, _ in secrets(readable)]


class TestAddresses:
    @pytest.mark.parametrize(
        "text",
        [
            "jane@other.example", "jane @ other.example", "jane@ other.example", "jane @other.example",
            "jane\n@\nother.example", "jane@other . example", "jane@other. example", "jane@other。example",
            "jane＠other．example", "jane%40other.example", "jane%2540other.example", "jane%252540other.example",
            "jane&#64;other.example", "jane at other.example", "write to jane at other.example please",
            "<jane at other.example>", "jane AT other DOT example", "jane @ other dot example",
            "jane(at)other(dot)example", "jane [ at ] other [ dot ] example", "j\u00adane@other.example",
        ],
    )  # fmt: skip
    def test_one_is_found_however_it_is_written(self, text: str) -> None:
        assert addresses(plain(text)) == ["jane@other.example"]

    def test_a_dash_of_any_kind_is_a_dash(self) -> None:
        assert addresses(plain("jane‑doe@other.example")) == ["jane-doe@other.example"]


class TestSecrets:
    ALPHABETS: ClassVar = {
        "base64url": (string.ascii_letters + string.digits + "-_", {20: 0.07, 27: 0.05, 32: 0.03, 43: 0.02}),
        "base62": (string.ascii_letters + string.digits, {20: 0.06, 32: 0.02}),
        "hex": (string.hexdigits[:16], {20: 0.03, 32: 0.01, 40: 0.01}),
    }

    @pytest.mark.parametrize("kind", list(ALPHABETS))
    def test_random_ones_are_rarely_missed(self, kind: str) -> None:
        alphabet, bars = self.ALPHABETS[kind]
        drawn = random.Random(16)
        for length, bar in bars.items():
            made = ["".join(drawn.choices(alphabet, k=length)) for _ in range(400)]
            missed = [each for each in made if not list(secrets(f"use {each} please"))]
            assert len(missed) <= bar * len(made), (length, missed)

    @pytest.mark.parametrize(
        "secret",
        [
            "glpat-AbC1_dEfG2-hIjK3_lMn", "sk-ant-api03-AbCd1234_EfGh5678-IjKl9012_MnOp3456",
            "ya29.a0AfB_byC-dEfG1-hIjK2_lMnO3-pQrS4", "npm_abcdefghijklmnopqrst", "1234567890‑1234‑1234‑123456",
        ],
    )  # fmt: skip
    def test_those_of_a_known_form_are_found(self, secret: str) -> None:
        assert len(list(secrets(plain(f"use {secret} please")))) == 1

    def test_a_uuid_is_an_id_unless_it_is_said_to_be_a_secret(self) -> None:
        uuid = "550e8400-e29b-41d4-a716-446655440000"
        assert found(f"Your order is {uuid}, see https://shop.example/{uuid}/items.") == []
        for said in ("api key: {}", "The token is {}", "password={}", "SECRET {}"):
            assert found(said.format(uuid)) == ["a key or password"]


EVERYDAY = """
Meet at noon.today works for me.
Let's meet at 3.30 pm.
We are at booth 12.B, come by.
I will be at home.Thanks for asking.
Look at this.It is new.
Have a look at harborloom.example for the details.
You can find it at www.harborloom.example.
Our docs are at docs.harborloom.example/start.
Please sign in at app.harborloom.example and open Settings.
The demo is at meet.example/abc at 10.
We meet at 10.30 in Berlin.
Prices start at 4.99 a month.
It runs at 99.9 % uptime.
Version 2.1 arrives at v2.example soon.
2 @ 14.99, 3 @ 9.50
Follow us @harborloom on social media.
@kim please have a look.
Let's talk @ noon. tomorrow is fine too.
We'll be @ the conference. Come by!
Meet me @ Starbucks. It is next to the station.
See you @ 10. Bring your laptop.
I work at Cobalt. Com is short for commercial.
She arrived at last. So we begin.
Everyone at Acme. Inc. agreed.
at all. not at all. thanks.
We looked at dot com companies.
The dot at the end matters.
Take a look at example.com for an example.
Look for it at amazon.de or at ebay.com.
The file is at readme.md in the repository.
Check the setting at config.json line 12.
I left the note at index.html.
Start at main.py and read on.
The offer ends at midnight.please hurry
We support Node.js at scale.
It was priced at $4.50.today only
Arrive at 9.00.
Welcome at Harborloom.
Thanks for your patience at this time.
Your order 2026-03-02/77812 has shipped with tracking 1Z999AA10123456784.
Invoice INV-2026-000123-DE is attached.
Your case number is CASE-2026-0001234567-A.
Part number ABX-1200-77-B4 and SKU HL-CONN-2026-03-EU-01.
Model MacBookPro18-3-2021-M1Max is supported.
Use the build drift-mcp-0.14.2-linux-x86_64.tar.gz please.
The file is named 2026-03-02_quarterly-report_final_v2.pdf.
Open invoice_2026_03_acme_corp_final.xlsx.
The release is v2026.03.02-rc1-linux-arm64.
Donaudampfschifffahrtsgesellschaftskapitän is a long word.
state-of-the-art-and-easy-to-use-platform-2026
See https://www.harborloom.example/docs/connectors/how-to-connect-a-carrier-in-5-steps
The hotfix branch is feature/HL-1234-fix-the-login-page-2.
The commit is da39a3e.
snake_case_names_with_2_numbers_are_common_in_code
Call 00491701234567 or +49 170 1234567.
IBAN DE89 3704 0044 0532 0130 00 is ours.
The meeting id is 812 3456 7890.
Use code SPRING-SALE-2026-SAVE20 at checkout.
The promo is WELCOME2HARBORLOOM2026.
It costs EUR 1,250.00/month excluding VAT.
ISO-27001-2022 and SOC-2-Type-II certified.
RFC-7231-section-6.5.1 says so.
The event is on 2026-03-02T10:00:00+01:00.
Ticket ACME-CORP-TICKET-000012345 is open.
covid-19-travel-guidelines-2021 is outdated.
Aisle-12-shelf-4-box-77-left
gpt-4o-mini-2024-07-18 is the model we use.
claude-3-5-sonnet-20241022 works as well.
us-east-1-prod-cluster-02 is up.
arn:aws:s3:::my-bucket-2026-logs-archive
The container is ghcr.io/harborloom/connector-agent:2026.03.02
Die Besprechung ist um 10.30 Uhr.Danke
Wir treffen uns at.home ist auch ok.
I am available Monday at noon.how about you?
We are looking at Q3.the numbers are good
Please arrive at 8.sharp
The store at Main St. is open.
We are at max. capacity.
Meet us at St. Pancras.
He is at Dr. Miller's.
It is at approx. 5 km.
at e.g. the front desk
Find us at facebook.com/harborloom.
Book at calendly.com/kim.
See the changelog at harborloom.example/changelog-2026-03.
I was at work. Let me check.
https://meet.google.com/abc-defg-hij
https://zoom.us/j/81234567890
https://docs.python.org/3/library/unicodedata.html#unicodedata.normalize
https://github.com/modelcontextprotocol/python-sdk/issues/1234
https://stackoverflow.com/questions/11227809/why-is-processing-a-sorted-array-faster-than-processing-an-unsorted-array
https://www.example.com/blog/2026/03/02/ten-ways-to-improve-your-onboarding
https://en.wikipedia.org/wiki/Daylight_saving_time_in_the_Americas_2026
https://www.youtube.com/watch?v=dQw4w9WgXcQ
https://calendly.com/harborloom/30min-intro-call-2026
https://help.example.com/en/articles/1234567-how-to-connect-your-calendar
https://status.example.com/incidents/2026-03-02-api-latency
https://shop.example.com/products/harborloom-hoodie-size-m-2026-edition
https://www.linkedin.com/posts/harborloom_hiring-engineering-activity-2026
https://harborloom.example/pricing?utm_source=newsletter&utm_medium=email&utm_campaign=spring_2026_launch
https://support.example.com/hc/en-us/articles/360012345678-Setting-up-SSO
https://en.wikipedia.org/wiki/2026_FIFA_World_Cup_qualification
https://news.ycombinator.com/item?id=38506140
https://www.example.com/a/b_c-d/e2e-tests-and-more-tests-for-you
https://example.com/downloads/harborloom-connector-1.24.3-windows-x64-setup.exe
https://example.com/careers/senior-software-engineer-platform-2-berlin
""".strip().splitlines()


class TestOrdinaryTexts:
    @pytest.mark.parametrize("text", EVERYDAY)
    def test_a_sentence_of_every_day_holds_neither(self, text: str) -> None:
        assert found(text) == []

    def test_what_people_of_the_sandbox_write_holds_only_what_is_one(self) -> None:
        texts = [text for file in SEED_TEXTS.rglob("*.json") for text in texts_of(json.loads(file.read_text("utf-8")))]
        assert len(texts) > 400
        asked = [text for text in texts if found(text) and "@" not in text]
        assert asked == []


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if " " in value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in texts_of(each)]
