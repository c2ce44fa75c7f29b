"""What a pre-flight check can find: one code for each fault, its reason and its remedy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.words import say

MOST_LINES = 5
"""Lines named for one fault before the rest is only counted."""

REASONS = {
    "F101": "broken JSON: {detail}",
    "F102": "bytes that are no UTF-8",
    "F103": "not UTF-8 but another encoding",
    "F104": "a blank line",
    "F105": "nested too deep",
    "F106": "a very long line",
    "F107": "a number that XTuner's reader cannot hold",
    "F110": "the file is cut short or damaged",
    "F201": "the file begins with a byte order mark",
    "F202": "a key stands twice in one object",
    "F203": "half a surrogate pair is escaped in the text",
    "F301": "{map} needs the field {field}, which this row does not have",
    "F302": "a message has the key {field}, which XTuner V1 forbids",
    "F303": "{field} is {found} here and {wanted} in other rows; the reader wants one type for each column",
    "F304": "a turn has no output; XTuner trains the end mark alone",
    "F305": "{field} is null",
    "F306": "XTuner 0.1.23 reads loss as text and stops at true, false or none at all",
    "F307": "the row has no id; LLaVADataset stops without one",
    "F308": "a row without turns: XTuner drops it",
    "F309": "a null {field} is written into the prompt as the word None",
    "F310": "an empty answer: XTuner trains the end mark alone",
    "F311": "### stands inside a text: oasst1_map_fn cuts there and loses what follows",
    "F312": "the row is longer than {limit} tokens ({how}): XTuner cuts its end, end mark included",
    "F313": "XTuner V1 reads one object a line, and this is {found}",
    "F314": "the file is empty",
    "F315": "the role {found} is not known to {map}",
    "F316": "tool arguments are {found}, expected JSON as text",
    "F317": "a message has thinking, which its chat template does not know",
    "F318": "the cache tag {tag} maps this path to old offsets: after any change of the file XTuner reads wrong rows",
    "F319": "no such file: {path}",
    "F320": "max_new_tokens in generation_kwargs has no effect; the hook's own max_new_tokens ({found}) counts",
    "F321": "{count} evaluation hooks write the same file, and share stop words unless each is given its own",
    "F322": "each row of this data set is read {times} times in one epoch",
    "F323": "every answer of the row is left out of the loss: XTuner drops it",
    "F324": "the row begins with an answer, which XTuner leaves out",
    "F325": "the last question has no answer: XTuner leaves it out",
    "F326": "questions follow each other: XTuner joins them without a space",
    "F327": "every {field} looks like a date, and the reader turns them into dates",
    "F328": "no row is left after XTuner's own filters",
    "F329": "the map function {map} is not XTuner's own: what it makes of rows is not known",
    "F330": "a row that is no object",
    "F331": "no map function is given for rows of the shape {found}; XTuner drops them all",
    "F332": "the row is longer than {limit} tokens before its first answer ({how}): XTuner drops it",
    "F333": "the value of {what} is not known: {why}",
    "F334": "{path} comes from the hub and is not checked",
    "F335": "a key of a turn holds values of more than one type; the reader cannot bring them together",
    "F336": "output_with_loss stands in some turns only: the reader fills the others with null, which means no loss",
    "F337": "{field} is {found}, expected {wanted}",
    "F338": "the turns are not the {count} that num_turns counts, or one of them is empty: XTuner drops the row",
    "F339": "the row has {count} images; the loader takes one",
    "F340": "{loader} reads files whose names end with {wanted}",
    "F341": "{loader} cannot read this file: it holds {found}",
    "F342": "{path} is not there, without which the tokens are not found",
    "F343": "{path} was made of an earlier file: MOSSSFTDataset reads it instead, whatever the file holds now",
}
"""Why XTuner stops, or what it silently does."""

REMEDIES = {
    "F101": "correct the line or take it out; --fix leaves it out",
    "F102": "convert the file to UTF-8; --fix leaves the line out",
    "F103": "convert it, for instance with iconv -t utf-8",
    "F104": "take the line out; --fix does",
    "F105": "flatten the row",
    "F106": "split the row",
    "F107": "write the number as text, or take it out",
    "F110": "fetch it again",
    "F201": "save the file as UTF-8 without a mark; --fix does",
    "F202": "keep one of the two; --fix keeps the last",
    "F203": "complete the character or take it out; --fix puts � in its place",
    "F301": "use the map function that fits ({fitting}), or rename the fields",
    "F302": "take the key out, or move it to the row; --fix takes it out",
    "F303": "give the column one type in all rows; --fix takes extra columns out",
    "F304": "give the turn its answer, or take the row out; --fix leaves the row out",
    "F305": "give it a text; --fix leaves the row out",
    "F306": 'write "loss": "true" as text, or use 0.2.0; --fix writes it',
    "F307": "give each row an id; --fix does",
    "F308": "take the row out; --fix does",
    "F309": 'write "" instead of null; --fix does',
    "F310": "give the answer, or take the row out; --fix leaves the row out",
    "F311": "write the text in another form, such as messages with openai_map_fn",
    "F312": "raise max_length, or split the rows",
    "F313": "write one object a line; --fix does",
    "F314": "is it the right file?",
    "F315": "use one of {wanted}",
    "F316": "write the arguments as JSON text; --fix does",
    "F317": "use a chat template with thinking, or take it out; --fix takes it out",
    "F318": "write to a new path, change cache_tag, or delete the tag in {folder}/.xpuyu-cache-meta.json",
    "F319": "is the path right, seen from where you start training?",
    "F320": "set max_new_tokens of the hook",
    "F321": "give each hook its own stop_words, or use auditor.xtuner.hook, which writes one file for each",
    "F322": "is that wanted? It weighs like as many exact copies",
    "F323": "take the row out, or give an answer its loss",
    "F324": "begin with a question",
    "F325": "take the last question out, or answer it",
    "F326": "join them yourself, with a line end between",
    "F327": "write at least one of them in another form, or use the openai or alpaca form with full sentences",
    "F328": "is the map function the right one?",
    "F329": "check its output with xtuner log-dataset",
    "F330": "write each row as an object; --fix leaves the line out",
    "F331": "set dataset_map_fn to {fitting}",
    "F332": "raise max_length, or shorten the question",
    "F333": "see the hint, or write it out",
    "F334": "download it, and check the files",
    "F335": "give the key one type, or take it out; --fix takes it out",
    "F336": "write output_with_loss in every turn; --fix does",
    "F337": "give {wanted}",
    "F338": "number the turns turn_1, turn_2 …, and give num_turns their number",
    "F339": "name one image, or none",
    "F340": "rename the file",
    "F341": "write an array into a .json file, or one object a line into a .jsonl file",
    "F342": "make it with xtuner's tokenize_ftdp_datasets",
    "F343": "delete it, and the one with no_loss_spans in its name",
}
"""What to do about it."""


NAMES = {
    "F301": "missing_field", "F302": "unknown_key", "F303": "mixed_types", "F304": "missing_output",
    "F305": "null_field", "F307": "no_id", "F308": "no_turns", "F309": "null_in_prompt", "F310": "empty_answer",
    "F311": "cut_at_marks", "F312": "cut_at_limit", "F313": "not_by_lines", "F314": "empty_file",
    "F315": "unknown_role", "F316": "tool_arguments", "F317": "thinking", "F318": "cache_tag", "F320": "inert_limit",
    "F321": "shared_hooks", "F322": "read_again", "F323": "no_loss", "F324": "answer_first", "F325": "no_answer_last",
    "F326": "joined_questions", "F328": "nothing_left", "F329": "own_map", "F330": "not_an_object", "F331": "no_map",
    "F332": "question_at_limit", "F333": "not_resolved", "F334": "from_hub", "F337": "refused_type",
}  # fmt: skip
"""The kinds of fault that a scan judges too; what lacks needs all rows of a file, or XTuner 0.1.23."""


@dataclass
class Fault:
    """One kind of fault in one file: where, how often, and whether XTuner stops there."""

    code: str
    fatal: bool
    lines: list[int]
    count: int = 1
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why, in English, as it is written down."""
        return REASONS[self.code].format(**self.values)

    @property
    def message(self) -> str:
        """Why, in the user's language."""
        return say(REASONS[self.code], **_said(self.values))

    @property
    def hint(self) -> str:
        """What to do, in the user's language."""
        return say(REMEDIES[self.code], **_said(self.values))


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the names of types; everything else is the user's own."""
    return {key: say(value) if value in TYPES else value for key, value in values.items()}


TYPES = {
    "null": "null", "a number": "a number", "true or false": "true or false", "text": "text", "a list": "a list",
    "an object": "an object", "a list of messages": "a list of messages", "a JSON array": "a JSON array",
    "one object over many lines": "one object over many lines", "a packed file": "a packed file",
    "a list of turns": "a list of turns", "a table": "a table",
    "several objects on one line": "several objects on one line", "by estimate": "by estimate",
    "by its tokenizer": "by its tokenizer", "a list of four numbers": "a list of four numbers",
    "a list of whole numbers": "a list of whole numbers", "one object a line": "one object a line",
}  # fmt: skip
"""Names of types that sentences are filled with."""


class Faults:
    """Faults gathered by code and values, each with its first lines and its count."""

    def __init__(self) -> None:
        self.held: dict[tuple[Any, ...], Fault] = {}

    def add(self, code: str, line: int, *, fatal: bool = False, **values: Any) -> None:  # noqa: ANN401
        """Note a fault at a line."""
        key = (code, fatal, *sorted((name, str(value)) for name, value in values.items()))
        if key not in self.held:
            self.held[key] = Fault(code, fatal, [line], 1, values)
            return
        fault = self.held[key]
        fault.count += 1
        if len(fault.lines) < MOST_LINES:
            fault.lines.append(line)

    def sorted(self) -> list[Fault]:
        """Return the faults, those that stop XTuner first, then by line."""
        return sorted(self.held.values(), key=lambda fault: (not fault.fatal, fault.lines[0], fault.code))
