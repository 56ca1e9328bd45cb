"""The sentences of the report of `verify check`."""

from collections.abc import Sequence

from verify.errors import one_line

MOST_NAMES = 8

READING = (
    "*stated* is the error in real arithmetic of the construction before its weights were rounded to float32 (`-`: "
    "only the float program is spoken of); the files' own error is measured, as *theirs*. *theirs* and *ours* are the "
    "largest error of transformers and of this package against the oracle, *apart* the largest difference of the two, "
    "*allowed* what theirs may be off: the stated error and the rounding bound of `bounds/running.py`, which counts "
    "the rounding of every weight too. It follows the inputs of the check; over all inputs of a domain no bound of the "
    "rounding is stated. For a language model *theirs* is the largest error of a logit, and none is allowed; its "
    "chains are compared token by token."
)
KINDS = (
    "*certificate*, *weights*: what the files say, and every number in them, against the construction built again.",
    "*oracle*: transformers' outputs against the oracle.",
    "*whole*, *...-whole*: whole numbers, in transformers and in each program named, against the oracle: equal bit by "
    "bit; the nearest ones to what indicators put out, which have an error in real arithmetic, and to what `mamba-ssm` "
    "does, as its norm takes an approximate square root.",
    "*tokens*, *logits*: the chains that transformers' `generate` puts out, and its logits, against the oracle.",
    "*ours*, *torch*: the layers of this package, and a scan in PyTorch, against transformers' outputs.",
    "*mambapy*, *mamba-ssm*: the outputs or chains of these programs against the oracle, within their own bounds.",
)
VACUOUS = "what is allowed is more than half of the largest value, so hardly anything follows"
NOTHING = "no comparison of outputs decides one, so nothing follows of what other implementations compute."
BETWEEN = "what is allowed is at least half the distance of two answers, and they are compared as whole numbers instead"
MATTERS = (
    "Theorem 3's copy of 64 values in [-1, 1]^8, the selection of Lemma 4 and a compiled program of Theorem 5 that is "
    "fed its own chain, in PyTorch in float32, with each addition of the released block in turn. *left when undone*: "
    "how far the outputs move when the addition is undone by its weights instead of absent, the other four absent. "
    "*error as it is*: the error of the outputs when it alone is as in a released model, the other four undone, and "
    "how many next tokens are wrong then. As they are, all five break the copy and the program, and all but A break "
    "the gadget, which has no state that could forget. None of them touches a theorem: each is undone by weights, in "
    "float32 without any error but for the SiLU, which costs a few units in the last place of values that are not "
    "whole numbers. What stays different is the size: twice the channels for values, one more coordinate in the "
    "stream; and A = 0, on which Theorem 3 rests, exists in floats only: in real arithmetic a step with Delta = 1 "
    "forgets e^-128 of the state. The skip D and the residual connection are the paper's own (Eq. 1, Eq. 2)."
)
ATTENTION = (
    "`scaled_dot_product_attention` with the weights of the attention construction, float32, scale 1: nothing has to "
    "be neutralised. As a whole layer of GPT-NeoX, loaded from files by transformers: LayerNorm subtracts a mean, so "
    "every coordinate stands there twice, with both signs, and one more makes the norm of all tokens the same; rotary "
    "embeddings turn nothing, the scale is undone by W_q, the MLP is 0 (`verify/export/neox.py`). *allowed* bounds "
    "*apart*; the construction's own error is at most 0.001. The circle's keys are carried by the function alone: "
    "their scores, about N^2, leave the norm's roundings no room."
)
LOADING = (
    "Five lines each, where `verify export` wrote into its usual folders. `vocabulary.json` has the fields of every "
    "token, the tokens that end a chain (`ends`) and the prompts of the instances. Where `mamba_ssm` is installed, "
    "transformers takes its kernels: move model and inputs to the GPU then."
)
LOAD_LANGUAGE = """import json, torch
from transformers import MambaForCausalLM
model = MambaForCausalLM.from_pretrained("exports/dp-lis-T4-n4-hf-mamba", dtype=torch.float32)
with open("exports/dp-lis-T4-n4-hf-mamba/vocabulary.json") as file: prompts = json.load(file)["prompts"]
print(model.generate(torch.tensor([prompts[0]["ids"]]), max_new_tokens=32, do_sample=False))"""
VECTORS = (
    "A memory (`verify export copy`). Its inputs are vectors: [x_i, e_i, e_pos(i), 1] in coordinates 0 to 520, zeros, "
    "and the constant of the norm, 2^47, in the last; the copies stand in coordinates 521 to 528. Here step i asks for "
    "the value of step i // 2, and the largest error is printed:"
)
LOAD_VECTORS = """import torch; from transformers import MambaForCausalLM
model = MambaForCausalLM.from_pretrained("exports/copy-N256-d8-d_state-N-hf-mamba", dtype=torch.float32)
x, e, pos = torch.rand(256, 8), torch.eye(256), torch.arange(256) // 2; stream = torch.zeros(1, 256, 1024)
stream[0, :, :521], stream[0, :, -1] = torch.cat([x, e, e[pos], torch.ones(256, 1)], 1), 2.0**47
print((model.backbone(inputs_embeds=stream, use_cache=False).last_hidden_state[0, :, 521:529] - x[pos]).abs().max())"""
LOAD_MAMBA_SSM = """import json, torch; from safetensors.torch import load_file; f = "exports/dp-lis-T4-n4-mamba-ssm/"
from mamba_ssm.models.mixer_seq_simple import MambaConfig, MambaLMHeadModel
with open(f + "config.json") as c, open(f + "vocabulary.json") as v: config, words = json.load(c), json.load(v)
model = MambaLMHeadModel(MambaConfig(**config)).cuda(); model.load_state_dict(load_file(f + "model.safetensors"))
print(model.generate(torch.tensor([words["prompts"][0]["ids"]]).cuda(), max_length=64))"""
CARRIED = (
    "Theorem 3 is carried in both layouts, and so are all gadgets of `verify gadgets`. Of the compiled programs, every "
    "problem of `verify dp` by both theorems; *n up to* is the largest size of 12 whose 8 random instances of seed 0 "
    "float32 holds exactly."
)
IN_THE_WAY = (
    "d_state above 256: the CUDA kernel of `mamba_ssm` refuses it, so keys in the state (Theorem 3 to the letter) stop "
    "at N = 256 there, and an export for it is refused beyond; one channel a slot (d_state = 1) has no such limit, and "
    "PyTorch's paths have none.",
    "float64: transformers holds A, b, D and the convolved input in float32, and its norm too; PyTorch's softplus is "
    "the identity above 20 (log1p(e^-20) = 2.1e-9 too low). Float32 is all that it carries; the exports are float32.",
    "A = -inf, Remark 2's route with nothing left of the past: with Delta = 0 the mixer would form NaN. The other "
    "routes need no such A.",
    "a position: Mamba has none. The compiled programs see t with every token, so one block in front counts tokens.",
    "the vocabulary of a compiled program is a list of whole tokens, those that the chains of its instances meet: the "
    "tokens of the paper are vectors of fields, and all their combinations would be too many for an embedding table.",
    "other prompts: on one whose chain meets a token that no chain of the listed instances met, the program takes the "
    "nearest token that there is, goes wrong, and may never put out one that ends a chain. Only the prompts in "
    "`vocabulary.json` are checked; more `--instances` list more tokens.",
    "time_step_rank: one channel a slot needs rank 2 N, where the released models have the stream's width over 16.",
    "a problem in a file of one's own (`verify dp FILE.py:NAME`) is not exported: `verify check` would have to run "
    "that file, and it runs nothing that a folder names.",
    "`mamba_ssm` needs CUDA to be installed. Where it is, `verify check` runs its kernels on every folder with d_state "
    "up to 256, and writes their numbers to `real-mamba-cuda.md`; transformers, which would call the same kernels, is "
    "then kept to its own PyTorch code.",
)
ELSEWHERE = (
    "What does not depend on the kernels stands once, in [real-mamba.md](real-mamba.md): the simplifications that "
    "matter, attention, how to load the folders, what is carried and what stands in the way."
)
BOUNDED_LATER = "as `verify check` finds"
ROUNDED = "Rounding in float32 may exceed the certified error: it is bounded by {} at the inputs of the check."
ROUNDED_WHOLE = (
    "Rounding in float32 is bounded by {} at the inputs of the check, half the distance of two answers or more: a "
    "program whose sums round otherwise may put out other whole numbers. `verify check` compares them one by one."
)
OTHER_PROMPTS = (
    "The vocabulary holds the tokens that the chains of these instances meet. On another prompt, whose chain needs a "
    "token that is not listed, the program goes wrong and may not end; more --instances list more tokens."
)


def not_read(names: Sequence[str]) -> tuple[str, ...]:
    """What is said of files that lie beside an export; nothing where there are none."""
    shown = ", ".join(map(one_line, names[:MOST_NAMES])) + (", ..." if len(names) > MOST_NAMES else "")
    return (f"Not read and not judged, {len(names)} beside the export: {shown}.",) if names else ()


TRUSTED = (
    "PyTorch, transformers and safetensors as installed, and the other programs that ran; JAX and XLA for ours. The "
    "programs share no code.",
    "`bounds/running.py` for the tolerance: it follows every operation of the mixer on the stored weights. For the "
    "CUDA kernels it takes their approximate exponentials to be within the same units in the last place.",
    "The oracles: the values that were put in, the gadgets' targets, dynamic programming in plain Python.",
)
