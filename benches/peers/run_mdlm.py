"""Times a step of training of MDLM in PyTorch, for mdlm.py: WIDTH HEADS BLOCKS WINDOW BATCH STEPS."""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BYTES, CONDITION = 256, 32


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.LayerNorm(width, bias=False) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))
        self.modulation = nn.Linear(CONDITION, 6 * width)

    def forward(self, x, c, turns):
        s1, c1, g1, s2, c2, g2 = self.modulation(c)[:, None].chunk(6, -1)
        batch, places, width = x.shape
        qkv = self.qkv(self.norms[0](x) * (1 + c1) + s1)
        q, k, v = qkv.view(batch, places, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(turned(q, turns), turned(k, turns), v)
        x = x + (1 + g1) * self.out(seen.transpose(1, 2).reshape(batch, places, width))
        return x + (1 + g2) * self.mlp(self.norms[1](x) * (1 + c2) + s2)


def turned(x, turns):
    first, second = x.chunk(2, -1)
    return x * turns[0] + torch.cat([-second, first], -1) * turns[1]


class Net(nn.Module):
    def __init__(self, width, heads, blocks, window):
        super().__init__()
        self.embed, self.blocks = nn.Embedding(BYTES + 1, width), nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.told = nn.Sequential(nn.Linear(256, CONDITION), nn.SiLU(), nn.Linear(CONDITION, CONDITION), nn.SiLU())
        self.norm, self.head = nn.LayerNorm(width, bias=False), nn.Linear(width, BYTES + 1)
        self.modulation = nn.Linear(CONDITION, 2 * width)
        pairs = width // heads // 2
        angles = torch.arange(window)[:, None] * 1e4 ** (-torch.arange(pairs) / pairs)[None]
        self.turns = [torch.cat([of(angles)] * 2, -1) for of in (torch.cos, torch.sin)]
        self.sinusoids = torch.cat([torch.ones(1, 128), torch.zeros(1, 128)], -1)

    def forward(self, tokens):
        c, x = self.told(self.sinusoids), self.embed(tokens)
        for block in self.blocks:
            x = block(x, c, self.turns)
        shift, scale = self.modulation(c)[:, None].chunk(2, -1)
        return self.head(self.norm(x) * (1 + scale) + shift)


def main(width, heads, blocks, window, batch, steps):
    torch.set_num_threads(1)
    net = Net(width, heads, blocks, window)
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.0, fused=True)
    averages = [weight.detach().clone() for weight in net.parameters()]

    def step():
        text = torch.randint(0, BYTES, (batch, window))
        times = (torch.rand(1) + torch.arange(batch) / batch) % 1 * 0.999 + 0.001
        masked = torch.rand(batch, window) < 0.999 * times[:, None]
        logits = net(torch.where(masked, BYTES, text))[..., :BYTES]
        surprise = F.cross_entropy(logits.flatten(0, 1), text.flatten(), reduction="none").view_as(masked)
        loss = (surprise * masked / times[:, None]).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        torch._foreach_lerp_(averages, [weight.detach() for weight in net.parameters()], 0.001)

    for _ in range(5):
        step()
    begin = time.process_time()
    for _ in range(steps):
        step()
    print((time.process_time() - begin) / steps)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
