import { Button, Skeleton } from "@mantine/core";
import { IconMicroscope, IconSearchOff, IconTrash } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { EmptyState } from "../app/EmptyState";
import { failureOf } from "../app/failure";
import { Refusal } from "../app/Refusal";
import type { PathFile } from "../app/slideFiles";
import { type ProjectCardFragment, type SlideCardFragment, SlidesDocument } from "../gql/graphql";
import { formatAgo } from "../i18n/format";
import page from "./ProjectsPage.module.css";
import { manages } from "./roles";
import { SlideCard } from "./SlideCard";
import styles from "./SlideGrid.module.css";
import { FILTERS, type Filter, passes, predictsNow, rewritesNow } from "./slideFilters";
import { UploadCard } from "./UploadCard";

interface Props {
  readonly project: ProjectCardFragment;
  readonly search: string;
  /** Counts up when slides have come or gone. */
  readonly revision: number;
  readonly over: boolean;
  readonly onSearch: (search: string) => void;
  readonly onFiles: (files: readonly PathFile[]) => void;
  readonly onChanged: () => void;
}

const POLL_MS = 2_000;

/** The slides of a project as cards, narrowed by search, tag and filter. */
export function SlideGrid({ project, search, revision, over, onSearch, onFiles, onChanged }: Props) {
  const { t } = useTranslation();
  const [filter, setFilter] = useState<Filter>("all");
  const [tag, setTag] = useState<string | null>(null);
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null]);
  const [pages, setPages] = useState<ReadonlyMap<string, SlidePage>>(new Map());
  const canManage = manages(project.myRole);
  const inBin = filter === "bin";
  const scope = `${search}\n${tag ?? ""}\n${inBin}`;
  const [shownScope, setShownScope] = useState(scope);
  if (scope !== shownScope) {
    setShownScope(scope);
    setCursors([null]);
  }

  const loaded = cursors.map((cursor) => pages.get(`${scope}\n${cursor}`));
  const slides = loaded.flatMap((each) => each?.slides ?? []);
  const first = loaded[0];
  const last = loaded.at(-1);
  const shown = slides.filter((slide) => inBin || passes(slide, filter));
  const filters = FILTERS.filter((each) => each !== "bin" || canManage);

  return (
    <>
      {cursors.map((cursor) => (
        <PageOfSlides
          key={`${scope}\n${cursor}`}
          projectId={project.id}
          search={search}
          tag={tag}
          inBin={inBin}
          after={cursor}
          revision={revision}
          onPage={(loadedPage) => setPages((all) => new Map(all).set(`${scope}\n${cursor}`, loadedPage))}
        />
      ))}
      <div className={page.head}>
        <div>
          <h1>{project.name}</h1>
          <p>
            {t("projects.slides", { count: project.slideCount })} ·{" "}
            {t("projects.annotations", { count: project.annotationCount })}
            {!inBin && slides[0] && ` · ${t("grid.lastActivity", { ago: formatAgo(newest(slides)) })}`}
          </p>
        </div>
        <fieldset className={styles.filters}>
          <legend className="visually-hidden">{t("grid.filters")}</legend>
          {tag !== null && (
            <button type="button" className={styles.filter} aria-pressed onClick={() => setTag(null)}>
              #{tag} ×
            </button>
          )}
          {filters.map((each) => (
            <button
              key={each}
              type="button"
              className={styles.filter}
              aria-pressed={each === filter}
              onClick={() => setFilter(each)}
            >
              {t(`grid.filter.${each}`)}{" "}
              <FilterCount filter={each} slides={inBin ? [] : slides} current={filter} total={first?.total} />
            </button>
          ))}
        </fieldset>
      </div>
      {first?.failure ? (
        <Refusal title={t("grid.failed")} failure={first.failure} onRetry={onChanged} />
      ) : (
        <ul className={page.grid}>
          {canManage && !inBin && !search && !tag && filter === "all" && (
            <UploadCard projectId={project.id} over={over} onFiles={onFiles} />
          )}
          {!first &&
            [0, 1, 2].map((index) => (
              <li key={index} aria-hidden>
                <Skeleton height={264} radius="xl" />
              </li>
            ))}
          {shown.map((slide) => (
            <SlideCard key={slide.id} slide={slide} canManage={canManage} onTag={setTag} onChanged={onChanged} />
          ))}
          {first && shown.length === 0 && (
            <li className={canManage && filter === "all" && !search && !tag ? styles.beside : styles.alone}>
              <NothingHere
                filter={filter}
                search={search || tag || ""}
                canManage={canManage}
                onClear={() => {
                  onSearch("");
                  setTag(null);
                  setFilter("all");
                }}
              />
            </li>
          )}
        </ul>
      )}
      {last?.next && (
        <Button variant="default" mx="auto" mt="xl" display="block" onClick={() => setCursors([...cursors, last.next])}>
          {t("common.showMore")}
        </Button>
      )}
    </>
  );
}

interface SlidePage {
  readonly slides: readonly SlideCardFragment[];
  readonly total: number;
  readonly next: string | null;
  readonly failure: ReturnType<typeof failureOf> | null;
}

interface PageProps {
  readonly projectId: string;
  readonly search: string;
  readonly tag: string | null;
  readonly inBin: boolean;
  readonly after: string | null;
  readonly revision: number;
  readonly onPage: (page: SlidePage) => void;
}

/** Fetches one page and keeps it fresh; shows nothing itself. */
function PageOfSlides({ projectId, search, tag, inBin, after, revision, onPage }: PageProps) {
  const [{ data, error }, reload] = useQuery({
    query: SlidesDocument,
    variables: { projectId, search: search || null, tag, inBin, after },
    requestPolicy: "cache-and-network",
  });
  const connection = data?.slides;
  const busy = connection?.nodes.some((slide) => predictsNow(slide) || rewritesNow(slide)) ?? false;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a page is told once per answer, not per render
  useEffect(() => {
    if (connection) {
      const { hasNextPage, endCursor } = connection.pageInfo;
      onPage({
        slides: connection.nodes,
        total: connection.totalCount,
        next: hasNextPage ? (endCursor ?? null) : null,
        failure: null,
      });
    } else if (error) onPage({ slides: [], total: 0, next: null, failure: failureOf(error) });
  }, [connection, error]);

  useEffect(() => {
    if (revision > 0) reload({ requestPolicy: "network-only" });
  }, [revision, reload]);

  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") reload({ requestPolicy: "network-only" });
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [busy, reload]);
  return null;
}

interface CountProps {
  readonly filter: Filter;
  readonly current: Filter;
  readonly slides: readonly SlideCardFragment[];
  readonly total: number | undefined;
}

function FilterCount({ filter, current, slides, total }: CountProps) {
  const count =
    filter === "all"
      ? current === "bin"
        ? undefined
        : total
      : filter === "bin"
        ? undefined
        : slides.filter((slide) => passes(slide, filter)).length;
  return count ? <span className={styles.count}>{count}</span> : null;
}

interface NothingProps {
  readonly filter: Filter;
  readonly search: string;
  readonly canManage: boolean;
  readonly onClear: () => void;
}

function NothingHere({ filter, search, canManage, onClear }: NothingProps) {
  const { t } = useTranslation();
  if (filter === "bin" && !search) {
    return <EmptyState icon={<IconTrash />} title={t("grid.binEmpty")} text={t("grid.binEmptyText")} />;
  }
  if (search || filter !== "all") {
    return (
      <EmptyState
        icon={<IconSearchOff />}
        title={t("grid.noMatchTitle")}
        text={search ? t("grid.noMatchText", { search }) : t("grid.noFilterText")}
      >
        <Button variant="default" onClick={onClear}>
          {t("grid.showAll")}
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={<IconMicroscope />}
      title={t("grid.emptyTitle")}
      text={canManage ? t("grid.emptyText") : t("grid.emptyViewer")}
    />
  );
}

function newest(slides: readonly SlideCardFragment[]): string {
  return slides.reduce((latest, slide) => (slide.createdAt > latest ? slide.createdAt : latest), "");
}
