"""Who may open the page: names and hashed passwords, tried only so often."""

import base64
import os
import stat

import httpx
import pytest
from page_server import served, write_documents

from page import accounts
from page.accounts import Accounts, TooManyFailures, add, main


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_the_right_password_is_let_in_and_no_other(tmp_path):
    file = tmp_path / "users"
    add(file, "änna", "correct horse: battery")
    add(file, "ben", "another one")
    add(file, "ben", "a third one")
    known = Accounts.read(file)
    assert known.check(basic("änna", "correct horse: battery")) == "änna"
    assert known.check(basic("änna", "correct horse: battery")) == "änna"
    assert known.check(basic("ben", "a third one")) == "ben"
    for wrong in (
        basic("ben", "another one"),
        basic("nobody", ""),
        basic("änna", "a third one"),
        "Basic !",
        "Bearer x",
    ):
        assert known.check(wrong) is None


def test_the_file_holds_no_password_and_is_its_owners_alone(tmp_path):
    file = tmp_path / "users"
    add(file, "ann", "correct horse")
    assert "correct" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 or os.name == "nt"
    add(file, "ben", "correct horse")
    first, second = (line.partition(":")[2] for line in file.read_text().splitlines())
    assert first != second


@pytest.mark.parametrize("text", ["", "# nobody\n", "ann:secret\n", "ann:scrypt$xx\n"])
def test_a_file_without_accounts_is_refused_with_the_remedy(tmp_path, text):
    file = tmp_path / "users"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"python -m page\.accounts"):
        Accounts.read(file)


@pytest.mark.parametrize(("name", "password"), [("", "long enough"), ("a:b", "long enough"), ("ann", "short")])
def test_a_name_or_password_that_will_not_do_is_refused(tmp_path, name, password):
    with pytest.raises(ValueError, match=r"a name is|a password has"):
        add(tmp_path / "users", name, password)
    assert not (tmp_path / "users").exists()


def test_after_ten_wrong_passwords_none_is_tried_for_a_minute(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(accounts.time, "monotonic", lambda: now[0])
    known = Accounts({"ann": accounts.hashed("correct horse")})
    assert all(known.check(basic("ann", f"wrong {n}")) is None for n in range(10))
    with pytest.raises(TooManyFailures):
        known.check(basic("ann", "correct horse"))
    now[0] += 61
    assert known.check(basic("ann", "correct horse")) == "ann"


def test_the_command_asks_for_the_password(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(accounts.getpass, "getpass", lambda prompt: "correct horse")
    assert main([str(tmp_path / "users"), "ann"]) == 0
    assert Accounts.read(tmp_path / "users").check(basic("ann", "correct horse")) == "ann"
    monkeypatch.setattr(accounts.getpass, "getpass", lambda prompt: "short")
    assert main([str(tmp_path / "users"), "ann"]) == 3
    assert "8 characters" in capsys.readouterr().err


def test_nothing_of_the_page_is_answered_without_a_login(tmp_path):
    add(tmp_path / "users", "ann", "correct horse")
    write_documents(tmp_path / "documents")
    with served(tmp_path / "documents", tmp_path / "store", "--auth-file", str(tmp_path / "users")) as page:
        for path in ("/", "/page.js", "/gradio_api/info", "/config", "/gradio_api/queue/join"):
            refused = httpx.get(page + path)
            assert refused.status_code == 401 and "Basic" in refused.headers["www-authenticate"]
            assert "content-security-policy" in refused.headers
        assert httpx.get(page, auth=("ann", "correct horse")).status_code == 200
        assert httpx.get(page + "/gradio_api/info", auth=("ann", "correct horse")).status_code == 200
