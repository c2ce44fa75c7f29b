"""How long samples are, and whether an answer breaks out of its turn."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from auditor.kernels.find import places
from auditor.kernels.flat import Ints
from auditor.kernels.order import ordered
from auditor.kernels.reference.sketch import mix
from auditor.sample import Role
from auditor.views import ANSWER, PROMPT, Views, sums

MARKERS = (
    b"### Instruction",
    b"### Human:",
    b"### Assistant:",
    b"### Response:",
    b"### User:",
    b"<|im_start|>",
    b"<|user|>",
    b"<|assistant|>",
    b"<|start_header_id|>",
    b"[INST]",
    b"\nHuman:",
    b"\nUser:",
    "\n用户：".encode(),
    "\n人类：".encode(),
)
"""What chat templates put before a turn: inside an answer it teaches the model to go on with a turn of its own."""

ENDS = (b"<|im_end|>", b"<|endoftext|>", b"<|eot_id|>", b"</s>")
"""What ends a turn: a fault only where the answer goes on behind it."""

ECHO = 16
"""Characters that an answer must have before it counts as an echo or a repeated turn."""


def measure(views: Views) -> pa.Table:
    """Measure sizes, and flag role markers inside answers, answers that echo the prompt and repeated turns.

    ``role_markers`` counts them; ``marker_turn`` and ``marker_start`` (code points) place the first, or are null.
    """
    batch = views.batch
    first = batch.first
    chars = batch.chars
    trained = views.part == ANSWER
    count, turn, start = _markers(views)
    echoes, repeats = _equal_turns(views, chars)
    columns = {
        "chars": sums(chars, first),
        "trained_chars": sums(chars * trained, first),
        "tokens": sum(part.counts for part in views.parts),
        "trained_tokens": views.answer.counts,
        "role_markers": count,
        "marker_turn": pa.array(turn, pa.int32(), mask=count == 0),
        "marker_start": pa.array(start, pa.int64(), mask=count == 0),
        "echoes_prompt": echoes,
        "repeats_turn": repeats,
    }
    return pa.table(columns)


def _markers(views: Views) -> tuple[Ints, Ints, Ints]:
    """Count role markers in trained turns; and where each sample's first one stands."""
    first = views.batch.first
    buffer, offsets = views.batch.texts
    patterns = (*MARKERS, *ENDS)
    samples = len(first) - 1
    count, turn, start = np.zeros(samples, np.int64), np.zeros(samples, np.int64), np.zeros(samples, np.int64)
    for place, number in reversed(places(buffer, patterns).tolist()):
        held = int(np.searchsorted(offsets, place, "right")) - 1
        behind = buffer[place + len(patterns[number]) : offsets[held + 1]]
        if views.part[held] != ANSWER or (patterns[number] in ENDS and not behind.tobytes().strip()):
            continue
        sample = int(np.searchsorted(first, held, "right")) - 1
        count[sample] += 1
        turn[sample] = held - first[sample]
        start[sample] = len(buffer[offsets[held] : place].tobytes().decode("utf-8", "replace"))
    return count, turn, start


def _equal_turns(views: Views, chars: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a trained turn of each sample has the same text as an earlier turn of its prompt, or of its answer."""
    batch = views.batch
    sample = np.repeat(np.arange(batch.rows), np.diff(batch.first))
    telling = np.flatnonzero((chars >= ECHO) & (batch.role != Role.SYSTEM))
    keys = views.turn_keys[telling]
    order = ordered(keys[:, 0] ^ mix(sample[telling].astype(np.uint64)))
    held, keys = telling[order], keys[order]
    same = (sample[held][1:] == sample[held][:-1]) & (keys[1:] == keys[:-1]).all(1)
    later, earlier = held[1:][same], held[:-1][same]
    hit = views.part[later] == ANSWER
    asked, said = (sample[later[hit & (views.part[earlier] == part)]] for part in (PROMPT, ANSWER))
    return np.bincount(asked, minlength=batch.rows) > 0, np.bincount(said, minlength=batch.rows) > 0
