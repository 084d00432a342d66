"""The autoencoder."""

from math import prod

from pipeline import ShapeError, model, nn, ops
from pipeline.options import Count


@model
def autoencoder(
    x,
    net,
    *,
    hidden: tuple[Count, ...] = (128,),
    code: Count = 32,
    activation: nn.PlainActivation = "relu",
    tied: bool = False,
    outputs: int,
):
    """Encode the inputs in `code` numbers and decode these: (batch, *features) -> (batch, outputs).

    `hidden` are the encoder's layers, and the decoder's in reverse; `tied` makes the decoder's weights the
    encoder's, transposed (Vincent et al. 2010, section 2.1).  The code (batch, code) is the head `code` and
    the hidden activations `code`.  Targets are the clean inputs: see transform.reconstruct.
    """
    x = ops.flatten(x)
    widths = (prod(x.shape[1:]), *hidden, code)
    if tied and outputs != widths[0]:
        raise ShapeError(
            f"a tied autoencoder of {widths[0]} features cannot have {outputs} outputs\n"
            "    let the targets be the inputs (transform.reconstruct), or say `tied: false`"
        )
    encode, weights = nn.chain(net, widths, name="encode", activation=activation, init="glorot")
    turned = [ops.transpose(w) for w in reversed(weights)] if tied else None
    decode, _ = nn.chain(
        net,
        (*widths[:0:-1], outputs),
        name="decode",
        activation=activation,
        init="glorot",
        weights=turned,
    )
    return decode(net.head("code", net.hidden(encode(x), "code")))
