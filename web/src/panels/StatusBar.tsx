import { Tooltip } from "@mantine/core";
import { IconLayoutSidebar, IconLayoutSidebarRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { LanguageSwitch, useAccountLanguage } from "../app/LanguageSwitch";
import { useObservable } from "../app/useObservable";
import { formatFigure, formatNumber } from "../i18n/format";
import styles from "./StatusBar.module.css";
import { useOpenSlide } from "./slideContext";

interface Props {
  readonly leftOpen: boolean;
  readonly rightOpen: boolean;
  readonly onFoldLeft: () => void;
  readonly onFoldRight: () => void;
}

/** Figures of the moment: where the pointer is, the scale, the line to the server. */
export function StatusBar({ leftOpen, rightOpen, onFoldLeft, onFoldRight }: Props) {
  const { t } = useTranslation();
  const chooseLanguage = useAccountLanguage();
  return (
    <div className={styles.bar}>
      <Tooltip label={`${t("viewer.foldLeft")}  [`}>
        <button
          type="button"
          className={styles.fold}
          aria-label={t("viewer.foldLeft")}
          aria-expanded={leftOpen}
          onClick={onFoldLeft}
        >
          <IconLayoutSidebar size={16} />
        </button>
      </Tooltip>
      <PointerPosition />
      <Scale />
      <Following />
      <span className={styles.space} />
      <Line />
      <LanguageSwitch onChoose={chooseLanguage} />
      <Tooltip label={`${t("viewer.foldRight")}  ]`}>
        <button
          type="button"
          className={styles.fold}
          aria-label={t("viewer.foldRight")}
          aria-expanded={rightOpen}
          onClick={onFoldRight}
        >
          <IconLayoutSidebarRight size={16} />
        </button>
      </Tooltip>
    </div>
  );
}

function PointerPosition() {
  const { slide, workbench } = useOpenSlide();
  const viewport = useObservable(workbench.viewport);
  const [x, y] = useObservable(workbench.pointer) ?? viewport.center;
  const { mppX, mppY } = slide;
  return (
    <>
      <span className={styles.figure}>
        x <b>{formatNumber(x)}</b> y <b>{formatNumber(y)}</b> px
      </span>
      {mppX != null && mppY != null && (
        <span className={styles.figure}>
          <b>{formatNumber((x * mppX) / 1000, 2)}</b> × <b>{formatNumber((y * mppY) / 1000, 2)}</b> mm
        </span>
      )}
    </>
  );
}

function Scale() {
  const { t } = useTranslation();
  const { slide, workbench, canManage, openScale } = useOpenSlide();
  const { rotationDegrees } = useObservable(workbench.viewport);
  const mpp = slide.mppX == null ? t("common.unknown") : formatFigure(slide.mppX);
  return (
    <>
      {slide.mppX == null && canManage ? (
        <button type="button" className={styles.warn} onClick={openScale}>
          mpp <b>{mpp}</b>
        </button>
      ) : (
        <span className={styles.figure}>
          mpp <b>{mpp}</b>
        </span>
      )}
      <button
        type="button"
        className={styles.plain}
        title={t("viewer.resetRotation")}
        onClick={() => workbench.rotateTo(0)}
      >
        {t("viewer.rotation")} <b>{formatNumber(rotationDegrees)}°</b>
      </button>
    </>
  );
}

function Following() {
  const { t } = useTranslation();
  const { session, workbench } = useOpenSlide();
  const following = useObservable(workbench.following);
  const people = useObservable(session.people);
  const followed = people.find((present) => present.clientId === following);
  if (!followed) return null;
  return (
    <button
      type="button"
      className={styles.following}
      style={{ background: followed.person.color }}
      title={t("viewer.stopFollowing")}
      onClick={() => workbench.follow(null)}
    >
      {t("viewer.following", { name: followed.person.name })} ×
    </button>
  );
}

function Line() {
  const { t } = useTranslation();
  const { session } = useOpenSlide();
  const { connection, latencyMs, seq } = useObservable(session.status);
  const text =
    connection === "live" ? t("viewer.live") : connection === "offline" ? t("viewer.offline") : t("viewer.connecting");
  return (
    <>
      <span className={styles.figure} data-connection={connection}>
        <i className={styles.dot} aria-hidden /> {text}
        {connection === "live" && latencyMs !== null && ` · ${t("viewer.latency", { ms: formatNumber(latencyMs) })}`}
      </span>
      <span className={styles.figure}>
        {t("viewer.seq")} <b>{formatNumber(seq)}</b>
      </span>
    </>
  );
}
