"""`verify export` writes one construction; `verify check` judges a folder, or all that ship."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from verify.backend import devices
from verify.compiled import keep_compiled
from verify.console import Console
from verify.deliver import Outcome
from verify.environment import commit, environment
from verify.errors import BadInput
from verify.export import words
from verify.export.checks import OF_THE_FILES, folder_checks
from verify.export.compared import APART, rounding_of
from verify.export.construct import Construction, construct
from verify.export.disk import read, write
from verify.export.extra import safetensors
from verify.export.folder import as_typed, refuse_others_writing, refuse_strangers, unread
from verify.export.foreign import FURTHER, MAMBA_SSM, TRANSFORMERS, absent
from verify.export.memory import refuse_large_check
from verify.export.page import PAGE, WITH_KERNELS, Found, page_of, table_of
from verify.export.settings import GADGETS, ExportSettings, parse
from verify.notation import number, size
from verify.table import Column, Table
from verify.verdict import ESTABLISHED, Check, Result, Verdict, decided

NEEDED = ("numpy", "jax", "jaxlib", "torch", "transformers", "safetensors")
BOUNDED_AT_ONCE = 2**32  # products of a weight and a number that an export takes to bound rounding: about a second
SHIPPED: tuple[ExportSettings, ...] = (
    *(parse("copy", {"layout": layout}) for layout in ("d_state=N", "d_state=1")),
    parse("copy", {"N": "64", "to": "mamba-ssm"}),
    parse("copy", {"N": "300", "layout": "d_state=1", "to": "mamba-ssm"}),
    *(parse("gadget", {"name": name}) for name in GADGETS),
    parse("dp", {"problem": "lis"}),
    parse("dp", {"problem": "edit-distance", "n": "2"}),
    parse("dp", {"problem": "edit-distance", "n": "2", "theorem": "5"}),
    parse("dp", {"problem": "matrix-chain", "n": "3"}),
    parse("dp", {"problem": "subarray"}),
    parse("dp", {"problem": "subarray", "theorem": "5"}),
    parse("dp", {"problem": "arithmetic", "theorem": "5", "n": "2"}),
)


def export(settings: ExportSettings, folder: Path) -> Outcome:
    """Write the files and read them again."""
    safetensors()
    refuse_strangers(folder)
    construction = construct(settings)
    files = write(construction, folder)
    check = _round_trip(construction, folder, files)
    sizes, rounding = construction.model.sizes, _rounding(construction)
    rows = [
        ("written to", folder.as_posix()),
        *((name, size(len(data))) for name, data in files.items()),
        ("layers", number(construction.model.layers)),
        ("stream, channels, d_state, rank", f"{sizes.stream}, {sizes.channels}, {sizes.d_state}, {sizes.rank}"),
        ("parameters", f"{construction.model.parameters}, {construction.model.nonzeros} of them not 0"),
        ("dtype", "float32"),
        ("claims", ", ".join(construction.claims)),
        ("error before rounding", number(construction.error)),
        ("rounding, at most", words.BOUNDED_LATER if rounding is None else number(rounding, 2)),
        ("commit", commit() or "unknown: neither git nor pip recorded one"),
    ]
    table = Table("", (Column("what", right=False), Column("value", right=False, wraps=True)), tuple(rows))
    sentence = f"written; `verify check {as_typed(folder.as_posix())}` runs it in transformers."
    row = {"folder": folder.as_posix(), **{name: len(data) for name, data in files.items()}, "rounding": rounding}
    result = Result("export", settings.document(), environment("numpy"), [check], [row], sentence)
    return Outcome(result, (table,), _notes(construction, rounding))


def _rounding(construction: Construction) -> float | None:
    """What transformers may lose by rounding, at the inputs of a gadget's check; None for a memory or a program, and
    where that would take longer than the export: `verify check` has it.
    """
    sample = construction.sample
    if construction.settings.what != "gadget" or sample is None:
        return None
    if construction.model.parameters * len(sample.inputs) > BOUNDED_AT_ONCE:
        return None
    return float(rounding_of(construction.model.tensors, construction, TRANSFORMERS.program).max())


def _notes(construction: Construction, rounding: float | None) -> tuple[str, ...]:
    """What is said below the table: of prompts, or of a rounding that may exceed what is certified."""
    if construction.language is not None:
        return (words.OTHER_PROMPTS,)
    if rounding is None or construction.error is None:
        return ()
    if construction.whole is not None:
        return () if rounding < APART else (words.ROUNDED_WHOLE.format(number(rounding, 2)),)
    return () if rounding <= construction.error else (words.ROUNDED.format(number(rounding, 2)),)


def _round_trip(construction: Construction, folder: Path, files: Mapping[str, bytes]) -> Check:
    """What is read from disk is what was to be written, tensor for tensor.  Raises BadInput where another process wrote
    there meanwhile.
    """
    refuse_others_writing(folder, files)
    try:
        there, here = read(str(folder)).tensors, _stored(construction)
    except BadInput:
        refuse_others_writing(folder, files)
        raise
    wrong = [name for name, tensor in here.items() if there[name].tobytes() != tensor.tobytes()]
    witness = {"differs": wrong[0]} if wrong else None
    evidence = f"{len(files)} files and {len(here)} tensors read again after writing"
    tag = f"{construction.settings.called()}/round-trip"
    return Check(tag, construction.claims[0], decided(not wrong), None, None, evidence, witness, "the files")


def _stored(construction: Construction) -> dict[str, Any]:
    from verify.export.model import named

    return named(construction.model.tensors, construction.settings.to)


def check(path: str | None, console: Console) -> Outcome:
    """Judge the folder; without one, write all that ship into a temporary folder and judge each."""
    if path is None:
        return _all(console)
    found = _judged(path)
    sentence = _sentence([found])
    result = Result("check", {"folder": path}, environment(*_packages()), found.checks, [found.row], sentence)
    note = words.not_read(found.row["not_read"])
    return Outcome(result, (table_of([found]),), note, lambda: page_of(f"check-{found.called}", result, [found]))


def _all(console: Console) -> Outcome:
    found: list[Found] = []
    interrupted = False
    devices()  # refused before anything is written
    keep_compiled()
    try:
        with TemporaryDirectory() as folder, console.progress("constructions", len(SHIPPED)) as advance:
            for settings in SHIPPED:
                place = Path(folder) / settings.called()
                write(construct(settings), place)
                found.append(_judged(str(place)))
                advance(1)
    except KeyboardInterrupt:
        interrupted = True
    checks = [each for one in found for each in one.checks]
    rows = [one.row for one in found]
    sentence = _sentence(found, interrupted=interrupted)
    result = Result(
        "check", {"folder": None}, environment(*_packages()), checks, rows, sentence, interrupted=interrupted
    )
    name = PAGE if absent(MAMBA_SSM) else WITH_KERNELS
    return Outcome(result, (table_of(found),), (), lambda: page_of(name, result, found))


def _judged(path: str) -> Found:
    keep_compiled()
    loaded = read(path)
    refuse_large_check(path, loaded.construction.settings)
    checks, row = folder_checks(loaded)
    return Found(loaded.construction.settings, checks, row | {"not_read": unread(loaded.folder)})


def _packages() -> tuple[str, ...]:
    """The distributions whose programs ran."""
    return (*NEEDED, *(each.name for each in FURTHER if absent(each) is None))


def _sentence(found: Sequence[Found], *, interrupted: bool = False) -> str:
    """What the checks say of the constructions whose outputs they decide, and of the others that they decide none."""
    wrong = [c.id for one in found for c in one.checks if c.verdict is Verdict.REFUTED]
    if wrong:
        return f"{len(wrong)} of the checks came out wrong, first {wrong[0]}."
    if not found:
        return f"no construction was judged, of the {len(SHIPPED)} that ship."
    decided, told = [one for one in found if _decides(one)], []
    if decided:
        judged = f"{len(decided)} of {len(SHIPPED)} constructions" if interrupted else _counted(len(decided))
        told.append(f"{judged}: other implementations compute what ours do.")
    if undecided := [one.called for one in found if not _decides(one)]:
        told.append(f"{_counted(len(undecided))}, first {undecided[0]}: {words.NOTHING}")
    for verdict in (Verdict.VACUOUS, Verdict.UNDECIDED):
        if empty := [c for one in found for c in one.checks if c.verdict is verdict]:
            reason = empty[0].evidence.split(": ")[-1]
            told.append(f"{verdict.value.capitalize()}: of {len(empty)} checks, first {empty[0].id}, {reason}.")
    return " ".join(told)


def _counted(count: int) -> str:
    return f"{count} construction{'s' if count != 1 else ''}"


def _decides(one: Found) -> bool:
    """Whether a comparison of outputs decided any."""
    compared = [check for check in one.checks if check.id.split("/")[-1] not in OF_THE_FILES]
    return any(check.verdict in ESTABLISHED for check in compared)
