"""Parsed rules are kept between runs; whatever becomes of what is kept, the rules are the same."""

import json
from pathlib import Path

import pytest

from auditor import parsed, rule, shelf


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    _forget()
    return tmp_path / "repetition-auditor"


def _forget() -> None:
    parsed._known.cache_clear()
    rule._rule_from.cache_clear()


def test_rules_are_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time no YAML is parsed, and the rules are equal; a file that changed is parsed again."""
    first = rule.rules(prefixes=["D"])
    _forget()
    read: list[Path] = []
    load = parsed.yaml.load
    monkeypatch.setattr(parsed.yaml, "load", lambda path: read.append(path) or load(path))
    assert rule.rules(prefixes=["D"]) == first
    assert read == []
    kept = next(cache.glob("rules-*.json"))
    held = json.loads(kept.read_text(encoding="utf-8"))
    name = next(name for name in held if "d102" in name)
    held[name] = {"stamp": [0, 0], "held": {"code": "D999"}}
    kept.write_text(json.dumps(held), encoding="utf-8")
    _forget()
    assert rule.rules(prefixes=["D"]) == first
    assert [path.name[:4] for path in read] == ["d102"]


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"x": 1}', b'{"x": {"stamp": 1}}', b"\xff\x00", b"null"])
def test_damage_is_ignored(cache: Path, data: bytes) -> None:
    """What cannot be read is as good as nothing."""
    cache.mkdir(exist_ok=True)
    (cache / parsed.name()).write_bytes(data)
    assert [held.code for held in rule.rules(prefixes=["D"])] == ["D101", "D102", "D103"]


def test_profiles_are_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shipped profile is not parsed again either; one of the user's own always is."""
    first = rule.profile("default")
    _forget()
    read: list[Path] = []
    load = parsed.yaml.load
    monkeypatch.setattr(parsed.yaml, "load", lambda path: read.append(path) or load(path))
    assert rule.profile("default") == first
    assert read == []
    own = cache.parent / "own.yaml"
    own.write_text("extends: default\nselect: [D102]\n", encoding="utf-8")
    assert [held.code for held in rule.profile(str(own)).rules] == ["D102"]
    assert read == [own]


def test_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no folder can be made nothing is kept, and nothing fails."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    _forget()
    assert shelf.shelf() is None
    assert len(rule.rules(prefixes=["D"])) == 3
