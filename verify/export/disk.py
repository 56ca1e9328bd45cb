"""A construction as files, and the files read again: safetensors and JSON, never anything that runs code."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from verify.environment import version
from verify.errors import BadInput, one_line, quoted
from verify.export.construct import Construction, construct
from verify.export.extra import safetensors
from verify.export.model import configuration, named
from verify.export.settings import ExportSettings, parse
from verify.files import prepare_folder, write_whole

SCHEMA = "verify-export/1"
WEIGHTS, CONFIG, CERTIFICATE, VOCABULARY = "model.safetensors", "config.json", "certificate.json", "vocabulary.json"
LARGEST_FILE = 2**32


@dataclass(frozen=True, eq=False)
class Loaded:
    """What a folder holds: the construction that its certificate names, and the tensors of its file."""

    folder: Path
    construction: Construction
    tensors: dict[str, np.ndarray]


def write(construction: Construction, folder: Path) -> dict[str, bytes]:
    """Write all files and return them by name.  Raises BadInput where the folder cannot be written."""
    prepare_folder(folder)
    files = contents(construction)
    for name, data in files.items():
        write_whole(folder / name, data)
    return files


def contents(construction: Construction) -> dict[str, bytes]:
    """The files of a construction; the certificate, which names the others' hashes, last."""
    made, to = construction.model, construction.settings.to
    saved = safetensors().save(named(made.tensors, to), metadata={"format": "pt"})
    files = {CONFIG: _json(configuration(made, to, _ends(construction))), WEIGHTS: bytes(saved)}
    if construction.language is not None:
        files[VOCABULARY] = _json(vocabulary(construction))
    return files | {CERTIFICATE: _json(certificate(construction, files))}


def certificate(construction: Construction, files: Mapping[str, bytes]) -> dict[str, Any]:
    """What is claimed of the files."""
    made = construction.model
    return {
        "schema": SCHEMA,
        "made_with": f"mamba-copy-verifier {version()}",
        "construction": construction.settings.document(),
        "claims": list(construction.claims),
        "error": construction.error,
        "speaks_of": "the float32 program" if construction.error is None else "real arithmetic, before rounding",
        "dtype": "float32",
        "sizes": {
            "layers": made.layers,
            "stream": made.sizes.stream,
            "channels": made.sizes.channels,
            "d_state": made.sizes.d_state,
            "time_step_rank": made.sizes.rank,
            "state_entries": made.state_entries,
            "parameters": made.parameters,
            "nonzeros": made.nonzeros,
        },
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }


def vocabulary(construction: Construction) -> dict[str, Any]:
    """The fields of every token, with the flag of the last one, and the prompts of the instances."""
    assert construction.language is not None
    _, text, task, instances = construction.language
    written = [task.written(instance) for instance in instances]
    prompts = [prompt.tolist() for prompt in text.prompts]
    return {
        "fields": [*text.fields, "last"],
        "tokens": text.tokens.tolist(),
        "prompts": [{"instance": each, "ids": ids} for each, ids in zip(written, prompts, strict=True)],
    }


def read(path: str) -> Loaded:
    """The folder's construction and tensors.

    Raises BadInput where a file is missing, malformed, not the one that the certificate names, or does not fit the
    construction.
    """
    folder = Path(path)
    claimed = _object(path, CERTIFICATE, _bytes(path, folder / CERTIFICATE))
    if claimed.get("schema") != SCHEMA:
        raise _refused(path, f"{CERTIFICATE} does not say that it is {SCHEMA}")
    construction = construct(_settings(path, claimed))
    named_files, files = claimed.get("files"), {}
    if not isinstance(named_files, dict) or not {CONFIG, WEIGHTS} <= set(named_files):
        raise _refused(path, f"{CERTIFICATE} does not name {CONFIG} and {WEIGHTS}")
    for name in (CONFIG, WEIGHTS, *([VOCABULARY] if construction.language is not None else [])):
        files[name] = _bytes(path, folder / name)
        if hashlib.sha256(files[name]).hexdigest() != named_files.get(name):
            raise _refused(path, f"{name} is not the file that {CERTIFICATE} names: its SHA-256 differs")
    expected = configuration(construction.model, construction.settings.to, _ends(construction))
    if _object(path, CONFIG, files[CONFIG]) != expected:
        raise _refused(path, f"{CONFIG} does not configure the construction that {CERTIFICATE} names")
    return Loaded(folder, construction, _tensors(path, files[WEIGHTS], construction))


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
    wanted = named(construction.model.tensors, construction.settings.to)
    try:
        tensors = safetensors().load(data)
    except Exception as error:  # the reader has no one class for all that it refuses
        raise _refused(path, f"{WEIGHTS} is malformed ({one_line(str(error))[:80]})") from error
    for name in sorted(set(wanted) | set(tensors)):
        there, here = tensors.get(name), wanted.get(name)
        if there is None or here is None or there.shape != here.shape or there.dtype != here.dtype:
            raise _refused(path, f"{WEIGHTS}: {quoted(name)} is {_shape(there)}; the construction has {_shape(here)}")
    return tensors


def _shape(tensor: np.ndarray | None) -> str:
    return "absent" if tensor is None else f"{tensor.dtype.name} of shape {tensor.shape}"


def _ends(construction: Construction) -> list[int] | None:
    return None if construction.language is None else list(construction.language[1].ends)


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
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"{name} is not JSON") from error
    if not isinstance(found, dict):
        raise _refused(path, f"{name} holds no JSON object")
    return found


def _json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()


def _refused(path: str, reason: str) -> BadInput:
    return BadInput(f"check {quoted(path)}", reason, "a folder that `verify export` wrote")
