"""Findings as SARIF 2.1.0, which code hosts and editors show beside the lines."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from auditor import __version__
from auditor.outputs.alerts import Alert, Alerts, Place
from auditor.rule import Rule
from auditor.words import language

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"high": "error", "medium": "warning", "low": "note"}
MOST = 5000
"""Results that GitHub shows of one file; the most severe are written."""


def sarif(told: Alerts) -> dict[str, Any]:
    """Return a log with one run: its rules, and a result for each alert."""
    rules = list(told.run.profile.rules)
    number = {rule.code: index for index, rule in enumerate(rules)}
    driver = {
        "name": "Repetition Auditor",
        "semanticVersion": __version__,
        "informationUri": "https://pypi.org/project/repetition-auditor/",
        "rules": [_rule(rule) for rule in rules],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": _folder(Path.cwd())}},
        "results": [_result(alert, number[alert.rule]) for alert in told.shown],
        "properties": {"findings": told.all, "written": len(told.shown)},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    lang = language()
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.text("title", lang)},
        "fullDescription": {"text": rule.text("what", lang)},
        "help": {"text": rule.text("why", lang)},
        "defaultConfiguration": {"level": LEVELS[rule.severity.value]},
    }


def _result(alert: Alert, index: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": alert.rule,
        "ruleIndex": index,
        "level": LEVELS[alert.severity],
        "message": {"text": alert.message},
        "locations": [{"physicalLocation": _place(alert.place)}],
        "partialFingerprints": {"auditorFinding/v1": alert.id},
    }
    if alert.others:
        found["relatedLocations"] = [
            {"id": at, "physicalLocation": _place(place)} for at, place in enumerate(alert.others, 1)
        ]
    if alert.new is not None:
        found["baselineState"] = "new" if alert.new else "unchanged"
    if alert.allowed:
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": alert.allowed}]
    return found


def _place(place: Place) -> dict[str, Any]:
    return {"artifactLocation": _artifact(place.path), "region": {"startLine": place.line}}


def _artifact(path: str) -> dict[str, str]:
    """Return a file's address: relative to the working folder where it lies in it."""
    if "://" in path:
        return {"uri": quote(path, safe=":/?#[]@!$&'()*+,;=%")}
    try:
        inside = Path(path).resolve().relative_to(Path.cwd().resolve())
    except ValueError:
        return {"uri": "file://" + quote(os.fsencode(Path(path).resolve()))}
    return {"uri": quote(os.fsencode(inside)), "uriBaseId": "SRCROOT"}


def _folder(path: Path) -> str:
    return "file://" + quote(os.fsencode(path.resolve())).rstrip("/") + "/"
