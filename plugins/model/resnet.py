"""A residual network for images."""

from pipeline import model, nn, ops
from pipeline.options import Count


@model
def resnet(
    x,
    net,
    *,
    channels: tuple[Count, ...] = (16, 32),
    blocks: Count = 1,
    kernel: Count = 3,
    activation: nn.Activation = "relu",
    norm: nn.Norm = "batch",
    outputs: Count,
):
    """Map images to outputs by residual blocks, `blocks` for each of `channels`, halving between them.

    `x` is (batch, height, width) or (batch, height, width, channels).  The last channels are averaged over
    the image.  He et al. 2016 (arXiv:1512.03385), section 4.2.
    """
    h = nn.as_images(x, "resnet")
    width = nn.linear_width(activation, channels[0])
    h = nn.conv2d(net, h, width, kernel=kernel, bias=norm != "batch", name="stem")
    h = nn.activate(net, nn.normalize(net, h, norm, name="stem"), activation, name="stem")
    options = {"kernel": kernel, "activation": activation, "norm": norm}
    for i, width in enumerate(channels):
        for j in range(blocks):
            stride = 2 if i and not j else 1
            h = net.hidden(nn.residual(net, h, width, stride=stride, name=f"block{i}.{j}", **options))
    return net.dense(ops.mean(h, axis=(1, 2)), outputs, name="out", init="glorot")
