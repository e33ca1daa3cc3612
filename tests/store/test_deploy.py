"""What `deploy/` ships, checked as far as that goes without a container engine."""

import subprocess
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drift_mcp.credentials.environment import VARIABLE
from drift_mcp.settings import Hosting, Settings
from tests.support.programs import need

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


def test_every_variable_is_a_setting(compose: dict[str, Any]) -> None:
    known = {each.metadata["env"] for kind in (Settings, Hosting) for each in fields(kind)}
    for name in ("replica-1", "replica-2"):
        assert set(compose["services"][name]["environment"]) <= known | {VARIABLE, "DRIFT_TOKEN_FILE"}


def test_the_replicas_differ_in_their_state_only(compose: dict[str, Any]) -> None:
    one, other = compose["services"]["replica-1"], compose["services"]["replica-2"]
    assert {name for name in one if one[name] != other[name]} == {"volumes"}
    assert one["environment"]["DRIFT_HTTP_STATELESS"] == "true"


def test_all_that_is_named_is_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            own = {"./tls"}  # the operator's
            assert source in compose["volumes"] or source in own or (DEPLOY / source).exists()
        for secret in service.get("secrets", ()):
            assert secret["source"] in compose["secrets"]
    assert (DEPLOY / services["replica-1"]["build"]["context"] / services["replica-1"]["build"]["dockerfile"]).exists()


def test_the_image_has_an_own_user_and_the_store(compose: dict[str, Any]) -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert "USER drift" in lines
    assert any("[" in line and "redis]" in line for line in lines)
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert all((DEPLOY.parent / each).exists() for each in copied)


def test_redis_takes_its_configuration_and_forgets_nothing(tmp_path: Path) -> None:
    lines = (DEPLOY / "redis.conf").read_text().replace("dir /data", f"dir {tmp_path}")
    conf = tmp_path / "redis.conf"
    conf.write_text(lines + f"port 0\nunixsocket {tmp_path}/redis.sock\n")
    process = subprocess.Popen([need("redis-server"), str(conf)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert any("ready to accept connections" in line.lower() for line in process.stdout)
        assert (tmp_path / "appendonlydir").is_dir()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert "maxmemory-policy noeviction" in lines


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mcp.example.com")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    (tmp_path / "cert.pem").write_bytes(built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    conf = (DEPLOY / "nginx.conf").read_text()
    for before, after in (
        ("/tmp/", f"{tmp_path}/"), ("/etc/nginx/tls/", f"{tmp_path}/"), ("replica-1:", "127.0.0.1:"),
        ("replica-2:", "127.0.0.2:"),
    ):  # fmt: skip
        assert before in conf
        conf = conf.replace(before, after)
    path = tmp_path / "nginx.conf"
    path.write_text(conf)
    tested = subprocess.run(
        [need("nginx"), "-t", "-e", "stderr", "-p", str(tmp_path), "-c", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stderr
