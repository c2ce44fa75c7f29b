"""The report: pages that open from disk, readable offline, in English and Chinese."""

from pathlib import Path

from auditor.outputs.run import Run


def render(run: Run, language: str = "auto", *, single_file: bool = False, redact: str = "") -> Path:
    """Write the report of a run, as a folder of pages or as one file, and return the page to open.

    ``language`` is what is shown first: en, zh, or auto, which follows the browser. ``redact`` hides the texts of the
    data: mask or hash.
    """
    from auditor.outputs.html.redact import redacted  # noqa: PLC0415
    from auditor.outputs.html.report import write  # noqa: PLC0415  (templates are loaded only where a report is wanted)

    with redacted(redact):
        return write(run, language, single_file=single_file)
