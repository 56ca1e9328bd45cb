"""A construction as files, and the files read again: safetensors and JSON, never anything that runs code."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from verify.environment import DISTRIBUTION, SOURCE_TREE
from verify.errors import BadInput, one_line, quoted
from verify.export.certificate import CERTIFICATE, SCHEMA, canonical, certificate, keys
from verify.export.construct import Construction, construct
from verify.export.extra import safetensors
from verify.export.folder import CONFIG, LOADED_BESIDES, VOCABULARY, WEIGHTS, besides, fill
from verify.export.model import configuration, named
from verify.export.settings import ExportSettings, parse

LARGEST_FILE = 2**32
COMMIT = re.compile(r"[0-9a-f]{40}(-dirty)?")
MADE_WITH = re.compile(f"{re.escape(DISTRIBUTION)} ({SOURCE_TREE}|[0-9A-Za-z][0-9A-Za-z.+!_-]*)")
NEAREST = f"verify export copy && verify check exports/{ExportSettings().called()}"


@dataclass(frozen=True, eq=False)
class Loaded:
    """What a folder holds: the construction that its certificate names, all that the certificate says, and the tensors.

    claimed: the certificate, with the keys that one has; what it says is judged (`verify.export.checks`), not believed.
    """

    folder: Path
    construction: Construction
    claimed: dict[str, Any]
    tensors: dict[str, np.ndarray]


def write(construction: Construction, folder: Path) -> dict[str, bytes]:
    """Write all files and return them by name.  Raises BadInput where `verify.export.folder.fill` does."""
    files = contents(construction)
    fill(folder, files)
    return files


def contents(construction: Construction) -> dict[str, bytes]:
    """The files of a construction; the certificate, which names the others' hashes, last."""
    made, to = construction.model, construction.settings.to
    saved = safetensors().save(named(made.tensors, to), metadata={"format": "pt"})
    files = {CONFIG: as_json(configuration(made, to, ends_of(construction))), WEIGHTS: bytes(saved)}
    if construction.language is not None:
        files[VOCABULARY] = as_json(vocabulary(construction))
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return files | {CERTIFICATE: as_json(certificate(construction, hashes))}


def ends_of(construction: Construction) -> list[int] | None:
    """The tokens that end a chain of a language model, None for a memory or a gadget."""
    return None if construction.language is None else list(construction.language[1].ends)


def vocabulary(construction: Construction) -> dict[str, Any]:
    """The fields of every token with the flag of the last one, the tokens that carry it, the instances' prompts."""
    assert construction.language is not None
    _, text, task, instances = construction.language
    written = [task.written(instance) for instance in instances]
    prompts = [prompt.tolist() for prompt in text.prompts]
    return {
        "fields": [*text.fields, "last"],
        "tokens": text.tokens.tolist(),
        "ends": list(text.ends),
        "prompts": [{"instance": each, "ids": ids} for each, ids in zip(written, prompts, strict=True)],
    }


def read(path: str) -> Loaded:
    """The folder's construction and tensors.

    Raises BadInput where a file is missing, malformed, not the one that the certificate names, or does not fit the
    construction, and where there is one that transformers would load besides.
    """
    folder = Path(path)
    claimed = _object(path, CERTIFICATE, _bytes(path, folder / CERTIFICATE))
    if more := besides(folder):
        raise _refused(path, f"{more[0]} lies there too: {LOADED_BESIDES[more[0]]}")
    if claimed.get("schema") != SCHEMA:
        raise _refused(path, f"{CERTIFICATE} does not say that it is {SCHEMA}")
    settings = _settings(path, claimed)
    try:
        construction = construct(settings)
    except BadInput as error:
        raise _refused(path, f"{CERTIFICATE}: {error.given}: {error.allowed}") from error
    names = {CONFIG, WEIGHTS} | ({VOCABULARY} if construction.language is not None else set())
    _check_keys(path, claimed, names)
    files = {name: _bytes(path, folder / name) for name in sorted(names)}
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != claimed["files"][name]:
            raise _refused(path, f"{name} is not the file that {CERTIFICATE} names: its SHA-256 differs")
    _check_document(path, CONFIG, files, configuration(construction.model, settings.to, ends_of(construction)))
    if VOCABULARY in files:
        _check_document(path, VOCABULARY, files, vocabulary(construction))
    return Loaded(folder, construction, claimed, _tensors(path, files[WEIGHTS], construction))


def _check_keys(path: str, claimed: Mapping[str, Any], names: Set[str]) -> None:
    """Raises BadInput unless the certificate has the entries of one, and a hash for each file and for no other."""
    if odd := sorted(set(claimed) ^ keys()):
        what = "lacks" if odd[0] in keys() else "has an entry of its own,"
        raise _refused(path, f"{CERTIFICATE} {what} {quoted(odd[0])}")
    program, commit = claimed["made_with"], claimed["commit"]
    if not (_has_form(program, MADE_WITH) and (commit is None or _has_form(commit, COMMIT))):
        raise _refused(path, f"{CERTIFICATE} does not say what it was made with: a program, and a commit or none")
    hashes = claimed["files"]
    if not isinstance(hashes, dict) or set(hashes) != names:
        raise _refused(path, f"{CERTIFICATE} does not name {', '.join(sorted(names))} and no other file")


def _has_form(text: object, form: re.Pattern[str]) -> bool:
    return isinstance(text, str) and form.fullmatch(text) is not None


def _check_document(path: str, name: str, files: Mapping[str, bytes], expected: Mapping[str, Any]) -> None:
    """Raises BadInput unless the file holds that document."""
    if canonical(_object(path, name, files[name])) != canonical(expected):
        raise _refused(path, f"{name} does not fit the construction that {CERTIFICATE} names")


def _settings(path: str, claimed: Mapping[str, Any]) -> ExportSettings:
    """The settings in a certificate, read as options are."""
    texts = claimed.get("construction")
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise _refused(path, f"{CERTIFICATE} holds no settings of a construction")
    options = {name: text for name, text in texts.items() if name != "what"}
    unknown = sorted(set(options) - set(ExportSettings.__dataclass_fields__))
    if unknown:
        raise _refused(path, f"{CERTIFICATE} names the setting {quoted(unknown[0])}, which no construction has")
    try:
        return parse(str(texts.get("what")), options)
    except BadInput as error:
        raise _refused(path, f"{CERTIFICATE}: {error.given}: {error.allowed}") from error


def _tensors(path: str, data: bytes, construction: Construction) -> dict[str, np.ndarray]:
    wanted, reader = named(construction.model.tensors, construction.settings.to), safetensors()
    try:
        tensors = reader.load(data)
    except Exception as error:  # the reader has no one class for all that it refuses
        raise _refused(path, f"{WEIGHTS} is malformed ({one_line(str(error))[:80]})") from error
    _check_header(path, data)
    for name in sorted(set(wanted) | set(tensors)):
        there, here = tensors.get(name), wanted.get(name)
        if there is None or here is None or there.shape != here.shape or there.dtype != here.dtype:
            raise _refused(
                path, f"{WEIGHTS}: {quoted(name)} is {_shape(there)}; in the construction it is {_shape(here)}"
            )
    return tensors


def _check_header(path: str, data: bytes) -> None:
    """Raises BadInput unless the header, JSON behind its length in 8 bytes, names each tensor once and says `pt`, as
    `verify export` does; readers differ in what they make of others.
    """
    header = _object(path, f"the header of {WEIGHTS}", data[8 : 8 + int.from_bytes(data[:8], "little")])
    if header.get("__metadata__") != {"format": "pt"}:
        raise _refused(path, f'the header of {WEIGHTS} does not say {{"format": "pt"}} and nothing else')


def _shape(tensor: np.ndarray | None) -> str:
    return "absent" if tensor is None else f"{tensor.dtype.name} of shape {tensor.shape}"


def _bytes(path: str, file: Path) -> bytes:
    try:
        if not file.is_file():
            raise _refused(path, f"there is no {file.name}")
        if file.stat().st_size > LARGEST_FILE:
            raise _refused(path, f"{file.name} is larger than {LARGEST_FILE} bytes")
        return file.read_bytes()
    except (OSError, ValueError) as error:
        raise _refused(path, f"{file.name} cannot be read ({one_line(str(error))[:80]})") from error


def _object(path: str, name: str, data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"{name} is not JSON") from error
    if not isinstance(found, dict):
        raise _refused(path, f"{name} holds no JSON object")
    return found


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different; of two alike, readers take one or the other."""
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> None:
    """NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(text)


def as_json(document: Mapping[str, Any]) -> bytes:
    """A JSON file of an export."""
    return (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()


def _refused(path: str, reason: str) -> BadInput:
    return BadInput(f"check {quoted(path)}", reason, NEAREST)
