"""A convolutional network for images."""

from pipeline import ShapeError, model, nn, ops
from pipeline.options import Count


@model
def cnn(
    x,
    net,
    *,
    channels: tuple[Count, ...] = (16, 32),
    kernel: Count = 3,
    pool: Count = 2,
    hidden: tuple[Count, ...] = (64,),
    activation: nn.Activation = "relu",
    pieces: Count = 2,
    norm: nn.Norm = "none",
    outputs: Count,
):
    """Map images to outputs by convolutions, each pooled by its largest, then fully connected layers.

    `x` is (batch, height, width) or (batch, height, width, channels).  LeCun et al. 1998.  `norm` normalises
    what enters the activation; `pieces` is how many linear outputs a maxout unit chooses from.
    """
    h = nn.as_images(x, "cnn")
    if min(h.shape[1:3]) < pool ** len(channels):
        raise ShapeError(
            f"cnn: images of {h.shape[1]} x {h.shape[2]} cannot be pooled by {pool} after each of "
            f"{len(channels)} convolutions; name fewer channels or set pool: 1"
        )

    def units(z, name):
        z = nn.normalize(net, z, norm, name=name)
        return nn.activate(net, z, activation, name=name, pieces=pieces)

    def pooled(z, name):
        if not nn.rises(activation):
            return nn.max_pool(units(z, name), pool)
        # the largest of rising values is the value of the largest: the activation of fewer elements
        z = nn.max_pool(nn.normalize(net, z, norm, name=name), pool)
        return nn.activate(net, z, activation, name=name)

    for i, width in enumerate(channels):
        name = f"conv{i}"
        z = nn.conv2d(net, h, nn.linear_width(activation, width, pieces), kernel=kernel, name=name)
        h = net.hidden(pooled(z, name))
    h = ops.flatten(h)
    for i, width in enumerate(hidden):
        name = f"hidden{i}"
        h = net.hidden(units(net.dense(h, nn.linear_width(activation, width, pieces), name=name), name))
    return net.dense(h, outputs, name="out", init="glorot")
