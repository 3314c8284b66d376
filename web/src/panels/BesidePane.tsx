import { ActionIcon, Button, Loader, Tooltip } from "@mantine/core";
import { IconLink, IconLinkOff, IconReplace, IconX } from "@tabler/icons-react";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Link } from "wouter";
import { failureOf } from "../app/failure";
import { slidePath } from "../app/paths";
import { Refusal } from "../app/Refusal";
import { useObservable } from "../app/useObservable";
import { SlidePageDocument, SlideStripDocument } from "../gql/graphql";
import { Value } from "../model/observable";
import styles from "./BesidePane.module.css";
import type { SlideRecord } from "./slideContext";
import { useOpenSlide } from "./slideContext";
import { factsOf, inOrder, lookOf, useLiveSession, useWorkbenchLabels } from "./useWorkbench";

const NOT_LINKED = new Value(false);

/** The half of the table where a second slide lies, or is chosen. */
export function BesidePane() {
  const { beside } = useOpenSlide();
  if (beside.slideId === null) return null;
  return beside.slideId === "" ? <Choice /> : <Chosen key={beside.slideId} slideId={beside.slideId} />;
}

function Choice() {
  const { t } = useTranslation();
  const { slide, beside } = useOpenSlide();
  const [{ data }] = useQuery({ query: SlideStripDocument, variables: { projectId: slide.project.id } });
  const others = data?.slides.nodes.filter(({ id }) => id !== slide.id) ?? [];
  return (
    <section className={styles.choice} aria-label={t("beside.choose")}>
      <div className={styles.head}>
        <strong>{t("beside.choose")}</strong>
        <Close />
      </div>
      {data && others.length === 0 && <p className={styles.empty}>{t("beside.none")}</p>}
      <ul className={styles.slides}>
        {others.map((each) => (
          <li key={each.id}>
            <button type="button" onClick={() => beside.open(each.id)}>
              <img src={each.thumbnailUrl} alt="" loading="lazy" />
              <strong>{each.name}</strong>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Chosen({ slideId }: { readonly slideId: string }) {
  const { t } = useTranslation();
  const [{ data, error }, reload] = useQuery({ query: SlidePageDocument, variables: { id: slideId } });
  if (data?.slide) return <View slide={data.slide} />;
  return (
    <section className={styles.choice} aria-label={t("beside.title")}>
      <div className={styles.head}>
        <strong>{t("beside.title")}</strong>
        <Close />
      </div>
      {error ? (
        <Refusal
          title={t("viewer.failed")}
          failure={failureOf(error)}
          onRetry={() => reload({ requestPolicy: "network-only" })}
        />
      ) : (
        <Loader m="auto" aria-label={t("viewer.loading")} />
      )}
    </section>
  );
}

function View({ slide }: { readonly slide: SlideRecord }) {
  const { t } = useTranslation();
  const { workbench, beside } = useOpenSlide();
  const container = useRef<HTMLDivElement>(null);
  const session = useLiveSession(slide.id);
  const labels = useWorkbenchLabels();
  const named = useMemo(
    () => ({ ...labels, viewer: t("beside.canvas", { name: slide.name }) }),
    [labels, t, slide.name],
  );
  const terms = useMemo(() => inOrder(slide.project.terms), [slide.project.terms]);
  const latest = useRef({ slide, terms, labels: named });
  latest.current = { slide, terms, labels: named };
  const { shown, first } = beside;
  const present = useObservable(shown);
  const linked = useObservable(present?.linked ?? NOT_LINKED);

  useEffect(() => {
    if (!session || !container.current) return;
    const { slide: record, ...rest } = latest.current;
    const linkedTo = first?.slideId === record.id ? first : null;
    const opened = workbench.openBeside({
      ...rest,
      container: container.current,
      slide: factsOf(record),
      session,
      pictureLook: lookOf(record),
      linked: linkedTo?.linked ?? true,
      ...(linkedTo?.view ? { view: linkedTo.view } : {}),
    });
    shown.set(opened);
    return () => {
      shown.set(null);
      opened.close();
    };
  }, [session, workbench, shown, first]);
  useEffect(() => present?.setTerms(terms), [present, terms]);
  useEffect(() => present?.setLabels(named), [present, named]);

  return (
    <section className={styles.pane} aria-label={t("beside.title")}>
      <div ref={container} className={styles.viewer} />
      <div className={styles.bar}>
        <Tooltip label={t(linked ? "beside.unlinkHint" : "beside.linkHint")}>
          <Button
            size="compact-sm"
            variant={linked ? "filled" : "default"}
            aria-pressed={linked}
            leftSection={linked ? <IconLink size={15} /> : <IconLinkOff size={15} />}
            onClick={() => present?.setLinked(!linked)}
          >
            {t(linked ? "beside.linked" : "beside.linkHere")}
          </Button>
        </Tooltip>
        <Link href={slidePath(slide.id)} className={styles.name} title={slide.name}>
          {slide.name}
        </Link>
        <Tooltip label={t("beside.other")}>
          <ActionIcon variant="subtle" color="gray" aria-label={t("beside.other")} onClick={() => beside.open("")}>
            <IconReplace size={16} />
          </ActionIcon>
        </Tooltip>
        <Close />
      </div>
    </section>
  );
}

function Close() {
  const { t } = useTranslation();
  const { beside } = useOpenSlide();
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={t("beside.close")} onClick={beside.close}>
      <IconX size={16} />
    </ActionIcon>
  );
}
