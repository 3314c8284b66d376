import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Avatar } from "../app/Avatar";
import { slidePath } from "../app/paths";
import type { SlideCardFragment } from "../gql/graphql";
import { formatAgo, formatBytes, formatNumber, formatPercent, formatPixels } from "../i18n/format";
import { SlideActions, useRestore } from "./SlideActions";
import styles from "./SlideCard.module.css";

interface Props {
  readonly slide: SlideCardFragment;
  readonly canManage: boolean;
  readonly onTag: (tag: string) => void;
  readonly onChanged: () => void;
}

/** One slide: how it looks, what it is, how far its reading is. */
export function SlideCard({ slide, canManage, onTag, onChanged }: Props) {
  const { t } = useTranslation();
  const restore = useRestore(slide, onChanged);
  const binned = slide.deletedAt != null;
  return (
    <li className={styles.card} data-binned={binned || undefined}>
      <div className={styles.picture}>
        <img src={slide.thumbnailUrl} alt="" loading="lazy" />
        {slide.createdBy && (
          <span className={styles.by}>
            <Avatar person={slide.createdBy} size={24} />
          </span>
        )}
      </div>
      <div className={styles.body}>
        <div className={styles.title}>
          <h2 className={styles.name} title={slide.name}>
            {binned ? (
              slide.name
            ) : (
              <Link
                href={slidePath(slide.id)}
                className={styles.link}
                aria-label={t("grid.open", { name: slide.name })}
              >
                {slide.name}
              </Link>
            )}
          </h2>
          {!binned && (canManage || slide.canDownload) && (
            <div className={styles.menu}>
              <SlideActions slide={slide} canManage={canManage} onChanged={onChanged} />
            </div>
          )}
        </div>
        <p className={styles.meta}>{metaOf(slide, t("grid.scaleUnknown"))}</p>
        {slide.tags.length > 0 && (
          <div className={styles.tags}>
            {slide.tags.map((tag) => (
              <button key={tag} type="button" aria-label={t("grid.tag", { tag })} onClick={() => onTag(tag)}>
                #{tag}
              </button>
            ))}
          </div>
        )}
        <div className={styles.foot}>
          {binned ? (
            <>
              <Button size="xs" variant="light" leftSection={<IconArrowBackUp size={15} />} onClick={restore}>
                {t("common.restore")}
              </Button>
              <span className={styles.ago}>{t("grid.inBin", { ago: formatAgo(slide.deletedAt ?? "") })}</span>
            </>
          ) : (
            <>
              <StateChip slide={slide} />
              <span>{t("projects.annotations", { count: slide.annotationCount })}</span>
              <span className={styles.ago}>{formatAgo(slide.createdAt)}</span>
            </>
          )}
        </div>
      </div>
    </li>
  );
}

function metaOf(slide: SlideCardFragment, scaleUnknown: string): string {
  const power = slide.objectivePower ? `${formatNumber(slide.objectivePower)}×` : null;
  const scale = slide.mppX == null ? scaleUnknown : null;
  return [power, scale, formatPixels(slide.width, slide.height), formatBytes(slide.sizeBytes)]
    .filter(Boolean)
    .join(" · ");
}

/** What stands out about a slide: a prediction, or the scale that is missing for one. */
export function StateChip({ slide }: { readonly slide: SlideCardFragment }) {
  const { t } = useTranslation();
  const prediction = slide.latestPrediction;
  if (prediction && prediction.status !== "CANCELLED") {
    const share = prediction.total ? prediction.done / prediction.total : 0;
    return (
      <span className={styles.chip} data-state={prediction.status}>
        {t(`prediction.${prediction.status}`, { percent: formatPercent(share) })}
      </span>
    );
  }
  if (slide.mppX != null) return null;
  return (
    <span className={styles.chip} data-state="scale">
      {t("grid.needsScale")}
    </span>
  );
}
