import { ActionIcon, Button, Menu } from "@mantine/core";
import {
  IconArrowBackUp,
  IconBolt,
  IconDotsVertical,
  IconDownload,
  IconPencil,
  IconRulerMeasure,
  IconShieldLock,
  IconTrash,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Avatar } from "../app/Avatar";
import { slidePath } from "../app/paths";
import { useAction } from "../app/requests";
import { showToast } from "../app/toasts";
import {
  DeleteSlideDocument,
  RestoreSlideDocument,
  type SlideCardFragment,
  TranscodeSlideDocument,
} from "../gql/graphql";
import { formatAgo, formatBytes, formatNumber, formatPercent, formatPixels } from "../i18n/format";
import { DescribeSlide } from "./DescribeSlide";
import { FileJobChip } from "./FileJobChip";
import { PrivacyDialog } from "./PrivacyDialog";
import { ScaleDialog } from "./ScaleDialog";
import styles from "./SlideCard.module.css";
import { rewritesNow } from "./slideFilters";

type Dialog = "describe" | "scale" | "privacy";

interface Props {
  readonly slide: SlideCardFragment;
  readonly canManage: boolean;
  readonly onTag: (tag: string) => void;
  readonly onChanged: () => void;
}

/** One slide: how it looks, what it is, how far its reading is. */
export function SlideCard({ slide, canManage, onTag, onChanged }: Props) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const restore = useRestore(slide, onChanged);
  const binned = slide.deletedAt != null;
  const done = () => {
    setDialog(null);
    onChanged();
  };
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
              <SlideMenu slide={slide} canManage={canManage} onChoose={setDialog} onChanged={onChanged} />
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
      {dialog === "describe" && <DescribeSlide slide={slide} onClose={() => setDialog(null)} onDone={done} />}
      {dialog === "privacy" && <PrivacyDialog slide={slide} onClose={() => setDialog(null)} onDone={done} />}
      {dialog === "scale" && <ScaleDialog slide={slide} onClose={() => setDialog(null)} onDone={done} />}
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

/** What stands out about a slide: work on its file, a prediction, or the scale that is missing for one. */
function StateChip({ slide }: { readonly slide: SlideCardFragment }) {
  const { t } = useTranslation();
  const job = slide.fileJob;
  if (job && job.status !== "DONE") return <FileJobChip job={job} />;
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

interface MenuProps {
  readonly slide: SlideCardFragment;
  readonly canManage: boolean;
  readonly onChoose: (dialog: Dialog) => void;
  readonly onChanged: () => void;
}

function SlideMenu({ slide, canManage, onChoose, onChanged }: MenuProps) {
  const { t } = useTranslation();
  const removal = useAction(DeleteSlideDocument);
  const restore = useRestore(slide, onChanged);
  const conversion = useAction(TranscodeSlideDocument);
  const convert = async () => {
    if (await conversion.run({ id: slide.id })) onChanged();
  };
  const remove = async () => {
    const gone = await removal.run({ id: slide.id });
    if (!gone) return;
    showToast(t("grid.deleted", { name: slide.name }), { action: { label: t("grid.undo"), run: restore } });
    onChanged();
  };
  return (
    <Menu width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("grid.menu", { name: slide.name })}>
          <IconDotsVertical size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {canManage && (
          <>
            <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => onChoose("describe")}>
              {t("grid.edit")}
            </Menu.Item>
            <Menu.Item leftSection={<IconRulerMeasure size={16} />} onClick={() => onChoose("scale")}>
              {t("grid.setScale")}
            </Menu.Item>
            <Menu.Item leftSection={<IconShieldLock size={16} />} onClick={() => onChoose("privacy")}>
              {t("grid.privacy")}
            </Menu.Item>
            {slide.passesThrough !== true && !rewritesNow(slide) && (
              <Menu.Item leftSection={<IconBolt size={16} />} onClick={convert}>
                {t("fileJob.convert")}
              </Menu.Item>
            )}
          </>
        )}
        {slide.canDownload && (
          <Menu.Item component="a" href={slide.fileUrl} download leftSection={<IconDownload size={16} />}>
            {t("grid.download")}
          </Menu.Item>
        )}
        {canManage && (
          <>
            <Menu.Divider />
            <Menu.Item color="var(--danger)" leftSection={<IconTrash size={16} />} onClick={remove}>
              {t("grid.delete")}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Takes a slide out of the bin. */
function useRestore(slide: SlideCardFragment, onChanged: () => void): () => Promise<void> {
  const { t } = useTranslation();
  const { run } = useAction(RestoreSlideDocument);
  return async () => {
    if (!(await run({ id: slide.id }))) return;
    showToast(t("grid.restored", { name: slide.name }));
    onChanged();
  };
}
