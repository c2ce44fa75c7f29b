"""An evaluation hook for classic XTuner: several generation configurations on one checkpoint, and what loops.

In a configuration, in place of ``EvaluateChatHook``::

    from auditor.xtuner.hook import EvaluateRepetitionHook

    custom_hooks = [
        dict(
            type=EvaluateRepetitionHook, tokenizer=tokenizer, every_n_iters=500, evaluation_inputs=evaluation_inputs,
            system=SYSTEM, prompt_template=prompt_template,
            configs=dict(plain=dict(), firm=dict(repetition_penalty=1.2)),
        )
    ]

It reads the model and never changes training: random states are put back after each evaluation.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import master_only
from transformers import GenerationConfig, StoppingCriteriaList
from xtuner.engine.hooks import EvaluateChatHook
from xtuner.utils import StopWordStoppingCriteria

from auditor.xtuner.evaluation import split
from auditor.xtuner.hook_plan import PLAIN, Plan, Strategy, entry, tables

WARM_UP = 50
"""Tokens of an answer before training, as in XTuner's own hook."""


class EvaluateRepetitionHook(EvaluateChatHook):  # type: ignore[misc]
    """Evaluates every question with every configuration that its strategy names, and says what loops.

    ``configs``: settings by name; ``max_new_tokens`` and ``stop_words`` among them are honoured.
    ``strategies``: dicts of ``pattern`` or ``inputs``, ``configs``, ``generation_kwargs``; the first that fits counts.
    ``schedules``: by name, ``(iteration, settings)`` from which they hold.
    ``raise_while_looping``: by name, ``dict(step=0.1, most=1.5)``.
    ``warn_at``: a share of looping answers past which a warning is logged.
    """

    gen_config: Any
    stop_criteria: Any
    evaluation_inputs: list[str]
    evaluation_images: Any

    def __init__(  # noqa: PLR0913  (XTuner's own arguments come on top)
        self,
        *,
        configs: Mapping[str, Mapping[str, Any]] | None = None,
        strategies: Sequence[Mapping[str, Any]] = (),
        schedules: Mapping[str, Sequence[tuple[int, Mapping[str, Any]]]] | None = None,
        raise_while_looping: Mapping[str, Mapping[str, float]] | None = None,
        warn_at: float | None = None,
        seed: int = 0,
        stop_words: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        own = dict(kwargs.pop("generation_kwargs", None) or {})
        self.own_words = list(stop_words)
        super().__init__(stop_words=list(stop_words), generation_kwargs=own, **kwargs)
        named = {name: {**own, **settings} for name, settings in (configs or {PLAIN: {}}).items()}
        kinds = [Strategy(**strategy) for strategy in strategies]
        self.plan = Plan(named, kinds, schedules or {}, raise_while_looping or {})
        self.base = self.gen_config.to_dict()
        self.words = self.stop_criteria
        self.warn_at, self.seed = warn_at, seed
        self.phase, self.entries = "", list[dict[str, Any]]()
        self._caught: list[str] = []

    def before_train(self, runner: Any) -> None:
        """Evaluate the base model."""
        self.phase = "before_train"
        super().before_train(runner)

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Evaluate every so many iterations, and whenever a checkpoint is saved."""
        self.phase = "after_train_iter"
        super().after_train_iter(runner, *args, **kwargs)

    def after_train(self, runner: Any) -> None:
        """Evaluate the last state, and tell the table of all."""
        self.phase = "after_train"
        super().after_train(runner)
        told = tables(self.entries)
        runner.logger.info(f"Repetition by configuration and iteration:\n{told}\n")
        self._write(runner, "evaluations_table.txt", told + "\n", "w")

    def after_val(self, runner: Any) -> None:
        """Evaluate after validation, where no interval is given."""
        self.phase = "after_val"
        super().after_val(runner)

    def _save_eval_output(self, runner: Any, eval_outputs: list[str]) -> None:  # noqa: ARG002
        """Catch what XTuner would write; files are written when all configurations are done."""
        self._caught += eval_outputs

    def _eval_language(
        self,
        runner: Any,
        model: Any,
        device: Any,
        max_new_tokens: int | None = None,
        save_eval_output: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        self._evaluate(runner, (runner, model, device), max_new_tokens, save=save_eval_output)

    _eval_images = _eval_language

    def _evaluate(self, runner: Any, where: tuple[Any, Any, Any], limit: int | None, *, save: bool) -> None:
        """Ask every question with every configuration; write, count, warn, learn."""
        iteration = 0 if self.phase == "before_train" else runner.iter + (self.phase == "after_train_iter")
        inputs, images = self.evaluation_inputs, self.evaluation_images
        made, texts = list[dict[str, Any]](), dict[str, list[str]]()
        with _random_states(where[2]):
            for index, question in enumerate(inputs, 1):
                for name, settings in self.plan.settings(question, iteration):
                    self.evaluation_inputs = [question]
                    self.evaluation_images = None if images is None else [images[index - 1]]
                    runner.logger.info(f"evaluation configuration {name}: {settings}")
                    text = self._one(where, settings, WARM_UP if self.phase == "before_train" else limit)
                    _, answer, ended = split(text, question)
                    place = {"iteration": iteration, "phase": self.phase, "config": name, "input_index": index,
                             "prompt": question, "ended": ended}  # fmt: skip
                    made.append(entry(place, answer, settings))
                    texts.setdefault(name, []).append(text)
        self.evaluation_inputs, self.evaluation_images = inputs, images
        self._tell(runner, made, texts, save=save)

    def _one(self, where: tuple[Any, Any, Any], settings: dict[str, Any], limit: int | None) -> str:
        """Generate one answer with one set of settings."""
        settings = dict(settings)
        words = settings.pop("stop_words", None)
        most = settings.pop("max_new_tokens", None)
        most = min(most or self.max_new_tokens, limit) if self.phase == "before_train" and limit else most or limit
        self.gen_config = GenerationConfig(**{**self.base, **settings, "max_new_tokens": most})
        self.stop_criteria = self.words if words is None else _criteria(self.tokenizer, words)
        self._caught = []
        torch.manual_seed(self.seed)
        base = super()._eval_language if self.evaluation_images is None else super()._eval_images
        base(*where, most, save_eval_output=True)
        return self._caught[0].removesuffix("\n")

    def _tell(self, runner: Any, made: list[dict[str, Any]], texts: dict[str, list[str]], *, save: bool) -> None:
        self.entries += made
        lines = "".join(json.dumps(item, ensure_ascii=False, default=str) + "\n" for item in made)
        self._write(runner, "evaluations.jsonl", lines, "a")
        for number, (name, outputs) in enumerate(texts.items()):
            told = "".join(f"Eval output {at}:\n{text}\n\n\n" for at, text in enumerate(outputs, 1))
            middle = "" if number == 0 else f".{name}"
            if save:
                self._write(runner, f"eval_outputs_iter_{runner.iter}{middle}.txt", told, "w")
        for name in texts:
            mine = [item for item in made if item["config"] == name]
            share = sum(item["loop"] is not None for item in mine) / len(mine)
            rep = sum(item["rep_4"] for item in mine) / len(mine)
            with contextlib.suppress(AttributeError):
                scalars = {f"evaluation/{name}/looping": share, f"evaluation/{name}/rep_4": rep}
                runner.visualizer.add_scalars(scalars, step=made[0]["iteration"])
            if self.warn_at is not None and share > self.warn_at:
                runner.logger.warning(
                    f"{share:.0%} of the answers loop with {name} at iteration {made[0]['iteration']}"
                )
            self.plan.learn(name, looping=share > 0)

    @master_only  # type: ignore[untyped-decorator]
    def _write(self, runner: Any, name: str, text: str, mode: str) -> None:
        folder = Path(runner.log_dir) / "vis_data"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open(mode, encoding="utf-8", errors="backslashreplace", newline="\n") as out:
            out.write(text)


@contextlib.contextmanager
def _random_states(device: Any) -> Iterator[None]:
    """Put every random state back afterwards, so that training goes on as if nothing had been asked."""
    devices = [device] if getattr(device, "type", "cpu") == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield


def _criteria(tokenizer: Any, words: Sequence[str]) -> Any:
    found = StoppingCriteriaList()
    for word in words:
        found.append(StopWordStoppingCriteria(tokenizer, word))
    return found
