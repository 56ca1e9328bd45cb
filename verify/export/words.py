"""The sentences of the report of `verify check`."""

READING = (
    "*stated* is the construction's error in real arithmetic (`-`: only the float program is spoken of), *theirs* and "
    "*ours* the largest error of transformers and of this package against the oracle, *apart* the largest difference "
    "of the two, *allowed* what theirs may be off: the stated error and the rounding bound of `bounds/running.py`. For "
    "a language model *theirs* is the largest error of a logit."
)
MATTERS = (
    "Theorem 3's copy of 64 values in [-1, 1]^8 by one mixer, with each addition of the released block in turn left as "
    "it is. Ignored, every one of them breaks the construction; none of them touches the theorem: each is undone by "
    "weights, exactly but for the SiLU, which costs a few units in the last place of values that are not whole "
    "numbers. What stays different is the size: twice the channels for values, one more coordinate in the stream; and "
    "A = 0, on which Theorem 3 rests, exists in floats only: in real arithmetic a step with Delta = 1 forgets e^-128 "
    "of the state."
)
ATTENTION = (
    "`scaled_dot_product_attention` with the weights of the attention construction, float32, scale 1: nothing has to "
    "be neutralised. A whole GPT-NeoX layer is not written: its LayerNorm subtracts a mean, so every coordinate would "
    "be needed twice, and the rest of the layer would be zeros."
)
LOAD_LANGUAGE = """import json, torch
from transformers import MambaForCausalLM
model = MambaForCausalLM.from_pretrained("exports/dp-lis-T4-n4-hf-mamba", dtype=torch.float32)
vocabulary = json.load(open("exports/dp-lis-T4-n4-hf-mamba/vocabulary.json"))
print(model.generate(torch.tensor([vocabulary["prompts"][0]["ids"]]), max_new_tokens=32, do_sample=False))"""
LOAD_VECTORS = """import torch
from transformers import MambaForCausalLM
model = MambaForCausalLM.from_pretrained("exports/copy-N256-d8-d_state-N-hf-mamba", dtype=torch.float32)
stream = torch.zeros(1, 256, 1024); stream[0, :, -1] = model.backbone.embeddings.weight[0, -1]
stream[0, :, :521] = inputs  # [x_i, e_i, e_pos(i), 1]; the copies stand in coordinates 521 to 528, from 0
copies = model.backbone(inputs_embeds=stream, use_cache=False).last_hidden_state[0, :, 521:529]"""
LOAD_MAMBA_SSM = """import json, torch
from safetensors.torch import load_file
from mamba_ssm.models.mixer_seq_simple import MambaConfig, MambaLMHeadModel
folder = "exports/copy-N64-d8-d_state-1-mamba-ssm/"
model = MambaLMHeadModel(MambaConfig(**json.load(open(folder + "config.json"))), device="cuda", dtype=torch.float32)
model.load_state_dict(load_file(folder + "model.safetensors"))"""
IN_THE_WAY = (
    "d_state above 256: the CUDA kernel of `mamba_ssm` refuses it, so keys in the state (Theorem 3 to the letter) stop "
    "at N = 256 there; one channel a slot (d_state = 1) has no such limit, and transformers' PyTorch path has none.",
    "float64: transformers holds A, b, D and the convolved input in float32, and its norm too; PyTorch's softplus is "
    "the identity above 20 (log1p(e^-20) = 2.1e-9 too low). Float32 is all that it carries; the exports are float32.",
    "A = -inf, Remark 2's route with nothing left of the past: with Delta = 0 the mixer would form NaN. The other "
    "routes need no such A.",
    "a position: Mamba has none. The compiled programs see t with every token, so one block in front counts tokens.",
    "the vocabulary of a compiled program is a list of whole tokens, those that the chains of its instances meet: the "
    "tokens of the paper are vectors of fields, and all their combinations would be too many for an embedding table.",
    "time_step_rank: one channel a slot needs rank 2 N, where the released models have the stream's width over 16.",
    "stacks that need more than float32 holds exactly (large values) are refused; so are what `verify dp` refuses.",
    "`mamba_ssm` itself needs CUDA, and no check runs it. Its names and sizes are written; the check renames one "
    "tensor and runs transformers and a scan written in PyTorch.",
)
TRUSTED = (
    "PyTorch, transformers and safetensors as installed; JAX and XLA for ours. The programs share no code.",
    "`bounds/running.py` for the tolerance: it follows every operation of the mixer on the stored weights.",
    "The oracles: the values that were put in, the gadgets' targets, dynamic programming in plain Python.",
)
