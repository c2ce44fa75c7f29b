"""Score texts by another tool's own code; run inside that tool's environment by ``compat.py``.

Reads lines of JSON from standard input, each a text, and writes a line of JSON for each: name to number (null where the
tool has none, or fails), and for datatrove the filters' verdicts. Where a package's ``__init__`` wants Ray or a hub,
only the modules that do the work are loaded.
"""

import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType


def bare(package: str, root: Path) -> None:
    """Let a package's modules be imported without running its ``__init__``."""
    for end in range(1, package.count(".") + 2):
        name = ".".join(package.split(".")[:end])
        module = ModuleType(name)
        module.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = module


def installed(package: str) -> Path:
    """Return where a package is installed."""
    return next(Path(path) for path in sys.path if (Path(path) / package).is_dir())


def attempt(function, *arguments):
    """Return a number, or null where the tool divides by zero."""
    try:
        return function(*arguments)
    except ZeroDivisionError:
        return None


def datatrove():
    """Score by datatrove's functions, put together as in its filters, which only say yes or no."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import gopher_repetition_filter as gopher
    from datatrove.pipeline.filters.fineweb_quality_filter import FineWebQualityFilter
    from datatrove.utils.text import split_into_words

    gate = gopher.GopherRepetitionFilter()
    fineweb = FineWebQualityFilter(line_punct_thr=0, short_line_thr=1, new_line_ratio=float("inf"))

    def score(text):
        verdict = gate.filter(Document(text, "0"))
        found = {"verdict": "" if verdict is True else verdict[1]}
        if not text:
            return found
        parts, lines = gate.paragraph_exp.split(text.strip()), gate._line_splitter.split(text)
        for name, held in (("paragraph", parts), ("line", lines)):
            number, chars = gopher.find_duplicates(held)
            found |= {f"dup_{name}": number / len(held), f"dup_{name}_chars": chars / len(text)}
        words = split_into_words(text, gate.language)
        for n in (2, 3, 4):
            grams = gopher.get_n_grams(words, n)
            found[f"top_{n}gram"] = gopher.find_top_duplicate(grams) / len(text) if grams else None
        for n in range(5, 11):
            found[f"dup_{n}gram"] = gopher.find_all_duplicate(words, n) / len(text)
        verdict = attempt(fineweb.filter, Document(text, "0"))
        found["fineweb"] = "" if verdict is True else verdict[1] if verdict else None
        return found

    return score


def redpajama(root):
    """Score by RedPajama-v2's signals."""
    sys.path.insert(0, str(Path(root) / "app" / "src"))
    bare("core.quality_signals", Path(sys.path[0]))
    from core.document import Document
    from core.quality_signals import natural_language, repetitions

    signals = repetitions.register_repetitions_callables()
    wanted = {"rps_doc_frac_unique_words": "unique_words", "rps_doc_unigram_entropy": "entropy"}
    signals += [s for s in natural_language.register_natural_language_callables() if s.field_name in wanted]
    short = {s: s.field_name.removeprefix("rps_doc_frac_chars_") for s in signals}
    names = {s: wanted.get(name, name.replace("dupe", "dup").replace("grams", "gram")) for s, name in short.items()}

    def score(text):
        held = Document(text, None)
        return {names[signal]: signal(held)[0][2] for signal in signals}

    return score


def dolma():
    """Score by Dolma's taggers gopher_v2 and gopher_v1."""
    bare("dolma.taggers", installed("dolma"))
    bare("dolma.core", installed("dolma"))
    for name, thing in (("registry", "TaggerRegistry"), ("taggers", "BaseTagger")):
        held = ModuleType(f"dolma.core.{name}")  # what registers the taggers is no part of what they count
        setattr(held, thing, type(thing, (), {"add": staticmethod(lambda _: lambda cls: cls)}))
        sys.modules[f"dolma.core.{name}"] = held
    get = importlib.import_module("dolma.taggers.gopher").get_attributes

    def score(text):
        held, first = get(text, ignore_empty_lines=True), get(text)
        found = {f"top_{n}gram": value for n, value in held.fraction_of_characters_in_most_common_ngram}
        found |= {f"dup_{n}gram": value for n, value in held.fraction_of_characters_in_duplicate_ngrams}
        for name, one in (("", held), ("_v1", first)):
            found[f"dup_line{name}"] = one.fraction_of_duplicate_lines
            found[f"dup_line_chars{name}"] = one.fraction_of_characters_in_duplicate_lines
        return found

    return score


def curator():
    """Score by NeMo Curator's filters; for the most frequent n-gram, also by each n-gram that is as frequent."""
    home = installed("nemo_curator")
    bare("nemo_curator.stages.text.filters", home)
    bare("nemo_curator.stages.text.filters.heuristic", home)
    bare("nemo_curator.stages.text.utils", home)
    held = importlib.import_module("nemo_curator.stages.text.filters.heuristic.repetition.repetition")
    filters = {
        "unique_lines": held.RepeatedLinesFilter(), "unique_paragraphs": held.RepeatedParagraphsFilter(),
        "unique_line_chars": held.RepeatedLinesByCharFilter(),
        "unique_paragraph_chars": held.RepeatedParagraphsByCharFilter(),
        **{f"top_{n}gram": held.RepeatingTopNGramsFilter(n) for n in (2, 3, 4)},
        **{f"dup_{n}gram": held.RepeatingDuplicateNGramsFilter(n) for n in range(5, 11)},
    }  # fmt: skip

    def score(text):
        found = {name: attempt(each.score_document, text) for name, each in filters.items()}
        words = text.split()
        for n in (2, 3, 4):
            counts = Counter(held.get_ngrams(words, n))
            ties = {" ".join(gram) for gram, times in counts.items() if times == max(counts.values())}
            found[f"ties_{n}"] = sorted({(len(text) - len(text.replace(tie, ""))) / len(text) for tie in ties})
        return found

    return score


if __name__ == "__main__":
    scorer = {"datatrove": datatrove, "redpajama": redpajama, "dolma": dolma, "curator": curator}[sys.argv[1]]
    score = scorer(*sys.argv[2:])
    for line in sys.stdin:
        print(json.dumps(score(json.loads(line))))
