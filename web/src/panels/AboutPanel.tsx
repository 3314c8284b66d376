import { Button } from "@mantine/core";
import { IconDownload, IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Translate } from "../i18n";
import { formatBytes, formatDate, formatFigure, formatNumber, formatPixels } from "../i18n/format";
import { DescribeSlide } from "../pages/DescribeSlide";
import { FileJobChip } from "../pages/FileJobChip";
import styles from "./AboutPanel.module.css";
import panel from "./panel.module.css";
import { Section } from "./Section";
import { useOpenSlide } from "./slideContext";

/** What the file says about itself. */
export function AboutPanel() {
  const { t } = useTranslation();
  const { slide, canManage, openScale, refresh } = useOpenSlide();
  const [editing, setEditing] = useState(false);
  const facts: readonly (readonly [name: string, value: string])[] = [
    [t("panel.facts.size"), `${formatNumber(slide.width)} × ${formatNumber(slide.height)} px`],
    ["", formatPixels(slide.width, slide.height)],
    [
      t("panel.facts.scale"),
      slide.mppX == null ? t("common.unknown") : t("panel.perPixel", { value: formatFigure(slide.mppX) }),
    ],
    [
      t("panel.facts.objective"),
      slide.objectivePower == null ? t("common.unknown") : `${formatNumber(slide.objectivePower)}×`,
    ],
    [t("panel.facts.levels"), formatNumber(slide.tileSource.levels.length)],
    [t("panel.facts.scanner"), slide.vendor],
    [t("panel.facts.file"), `${slide.filename} · ${formatBytes(slide.sizeBytes)}`],
    [t("panel.facts.tiles"), tilesText(slide, t)],
    [t("panel.facts.uploaded"), formatDate(slide.createdAt)],
  ];
  return (
    <>
      <Section title={t("panel.about")}>
        <h3 className={styles.name}>{slide.name}</h3>
        {slide.description && <p className={styles.description}>{slide.description}</p>}
        {slide.tags.length > 0 && (
          <ul className={styles.tags} aria-label={t("panel.facts.tags")}>
            {slide.tags.map((tag) => (
              <li key={tag}>#{tag}</li>
            ))}
          </ul>
        )}
        <dl className={`${panel.card} ${panel.facts} ${styles.facts}`}>
          {facts.map(([name, value]) => (
            <div key={`${name}${value}`} className={styles.fact}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {slide.fileJob && slide.fileJob.status !== "DONE" && (
          <p className={styles.job}>
            <FileJobChip job={slide.fileJob} />
          </p>
        )}
        <div className={styles.actions}>
          {canManage && (
            <Button size="xs" variant="default" leftSection={<IconPencil size={15} />} onClick={() => setEditing(true)}>
              {t("grid.edit")}
            </Button>
          )}
          {canManage && (
            <Button size="xs" variant="default" onClick={openScale}>
              {t("grid.setScale")}
            </Button>
          )}
          {slide.canDownload && (
            <Button
              size="xs"
              variant="default"
              component="a"
              href={slide.fileUrl}
              download
              leftSection={<IconDownload size={15} />}
            >
              {t("grid.download")}
            </Button>
          )}
        </div>
      </Section>
      {slide.associatedImages.map((image) => (
        <Section key={image.name} title={associatedName(image.name, t)}>
          <img
            className={styles.associated}
            src={image.url}
            width={image.width}
            height={image.height}
            alt=""
            loading="lazy"
          />
        </Section>
      ))}
      {editing && (
        <DescribeSlide
          slide={slide}
          onClose={() => setEditing(false)}
          onDone={() => {
            setEditing(false);
            refresh();
          }}
        />
      )}
    </>
  );
}

type Tiles = Pick<ReturnType<typeof useOpenSlide>["slide"], "passesThrough" | "pyramidBytes">;

/** Whether tiles come as they are stored. */
function tilesText({ passesThrough, pyramidBytes }: Tiles, t: Translate): string {
  if (pyramidBytes != null) return t("panel.tiles.converted", { size: formatBytes(pyramidBytes) });
  if (passesThrough == null) return t("common.unknown");
  return passesThrough ? t("panel.tiles.stored") : t("panel.tiles.decoded");
}

const ASSOCIATED = ["LABEL", "MACRO", "THUMBNAIL"] as const;

function associatedName(name: string, t: Translate): string {
  const known = ASSOCIATED.find((each) => each === name);
  return known ? t(`panel.associated.${known}`) : name;
}
