import { Popover, SegmentedControl, Slider } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useObservable } from "../app/useObservable";
import { formatPercent } from "../i18n/format";
import panel from "./panel.module.css";
import { useOpenSlide } from "./slideContext";

interface Props {
  readonly layerId: string;
  readonly name: string;
}

const USUAL = { opacity: 1, filled: true };
const FAINTEST = 0.1;

/** How strong a layer is drawn, filled or as outlines alone; on this screen only. */
export function LayerLookButton({ layerId, name }: Props) {
  const { t } = useTranslation();
  const { workbench } = useOpenSlide();
  const look = useObservable(workbench.layerLooks).get(layerId) ?? USUAL;
  const label = t("panel.layerLook", { name });
  return (
    <Popover width={220} position="right-start" trapFocus>
      <Popover.Target>
        <button type="button" className={panel.icon} aria-label={label} title={label}>
          <IconAdjustmentsHorizontal size={15} />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>
        <div className={panel.head}>
          <span>{t("ai.opacity")}</span>
          <span className={panel.figure}>{formatPercent(look.opacity)}</span>
        </div>
        <Slider
          mb="sm"
          min={FAINTEST}
          max={1}
          step={0.05}
          label={null}
          thumbLabel={t("panel.layerOpacity", { name })}
          value={look.opacity}
          onChange={(opacity) => workbench.setLayerLook(layerId, { ...look, opacity })}
        />
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t("panel.layerDrawn", { name })}
          value={look.filled ? "filled" : "outline"}
          onChange={(value) => workbench.setLayerLook(layerId, { ...look, filled: value === "filled" })}
          data={[
            { value: "filled", label: t("panel.filled") },
            { value: "outline", label: t("panel.outline") },
          ]}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
