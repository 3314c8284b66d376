import {
  ActionIcon,
  Button,
  ColorSwatch,
  Menu,
  Modal,
  Popover,
  Select,
  Skeleton,
  Text,
  TextInput,
} from "@mantine/core";
import { IconCheck, IconGripVertical, IconPlus, IconTrash } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { ConfirmDialog } from "../app/ConfirmDialog";
import { FailureNote } from "../app/FailureNote";
import { useAction } from "../app/requests";
import {
  CreateTermDocument,
  DeleteTermDocument,
  MoveTermDocument,
  ProjectDocument,
  type ProjectTermFragment,
  UpdateTermDocument,
  type UpdateTermInput,
} from "../gql/graphql";
import { depthsOf, MOVES, type Move, type Place, placesFor } from "../model/termTree";
import { manages } from "./roles";
import styles from "./TermsDialog.module.css";

interface Props {
  readonly projectId: string;
  readonly onClose: () => void;
}

/** Colours that stay apart on pink tissue and for colour-blind readers. */
const COLORS = [
  "#d7263d",
  "#f0a64c",
  "#6fa3d8",
  "#9c98ad",
  "#2fbf9b",
  "#8f7bff",
  "#f7d154",
  "#1f77b4",
  "#b5541c",
  "#e377c2",
  "#3d3a50",
  "#ffffff",
];
const HOTKEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const NO_KEY = "-";

/** Names, colours and keys of a project's terms. */
export function TermsDialog({ projectId, onClose }: Props) {
  const { t } = useTranslation();
  const [{ data }, reload] = useQuery({
    query: ProjectDocument,
    variables: { id: projectId },
    requestPolicy: "cache-and-network",
  });
  const create = useAction(CreateTermDocument);
  const project = data?.project;
  const terms = [...(project?.terms ?? [])].sort((a, b) => a.position - b.position);
  const canManage = project ? manages(project.myRole) : false;
  const refresh = () => reload({ requestPolicy: "network-only" });

  const [told, setTold] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const depths = depthsOf(terms);
  const mover = useAction(MoveTermDocument);
  const move = async (term: ProjectTermFragment, place: Place) => {
    const moved = await mover.run({ id: term.id, ...place });
    if (!moved) return;
    refresh();
    const parent = terms.find(({ id }) => id === place.parentId);
    setTold(
      parent
        ? t("terms.movedUnder", { name: term.name, parent: parent.name })
        : t("terms.movedTop", { name: term.name }),
    );
  };
  /** A row that goes elsewhere in the list loses the focus; its handle gets it back. */
  const order = terms.map(({ id }) => id).join();
  const held = useRef<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each new order
  useEffect(() => {
    if (held.current) list.current?.querySelector<HTMLElement>(`[data-handle="${held.current}"]`)?.focus();
  }, [order]);

  const add = async (parentId: string | null = null) => {
    const usedColors = new Set(terms.map((term) => term.color.toLowerCase()));
    const usedKeys = new Set(terms.map((term) => term.hotkey));
    const names = new Set(terms.map((term) => term.name));
    let name = t("terms.newTerm");
    for (let number = 2; names.has(name); number += 1) name = `${t("terms.newTerm")} ${number}`;
    const made = await create.run({
      projectId,
      name,
      color: COLORS.find((color) => !usedColors.has(color)) ?? "#8f7bff",
      hotkey: HOTKEYS.find((key) => !usedKeys.has(key)) ?? null,
      parentId,
    });
    if (made) refresh();
  };
  return (
    <Modal
      opened
      size="lg"
      onClose={onClose}
      title={project ? t("terms.title", { project: project.name }) : t("projects.terms")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <Text c="dimmed" size="sm" mb="md">
        {t("terms.lead")}
      </Text>
      {!project && <Skeleton height={140} />}
      {project && terms.length === 0 && <Text my="lg">{t("terms.empty")}</Text>}
      {canManage && terms.length > 1 && (
        <Text c="dimmed" size="sm" mb="sm">
          {t("terms.moveHint")}
        </Text>
      )}
      <ul className={styles.list} ref={list}>
        {terms.map((term) => (
          <TermRow
            key={term.id}
            term={term}
            depth={depths.get(term.id) ?? 0}
            places={placesFor(terms, term.id)}
            editable={canManage}
            onHeld={() => {
              held.current = term.id;
            }}
            onMove={(place) => move(term, place)}
            onAddBelow={() => add(term.id)}
            onChanged={refresh}
          />
        ))}
      </ul>
      <div className="visually-hidden" role="status">
        {told}
      </div>
      <FailureNote failure={create.failure ?? mover.failure} mb="sm" />
      {canManage ? (
        <Button variant="light" leftSection={<IconPlus size={16} />} loading={create.busy} onClick={() => add()}>
          {t("terms.add")}
        </Button>
      ) : (
        project && (
          <Text c="dimmed" size="sm">
            {t("terms.only")}
          </Text>
        )
      )}
    </Modal>
  );
}

interface RowProps {
  readonly term: ProjectTermFragment;
  readonly depth: number;
  readonly places: Partial<Record<Move, Place>>;
  readonly editable: boolean;
  readonly onHeld: () => void;
  readonly onMove: (place: Place) => void;
  readonly onAddBelow: () => void;
  readonly onChanged: () => void;
}

function TermRow({ term, depth, places, editable, onHeld, onMove, onAddBelow, onChanged }: RowProps) {
  const { t } = useTranslation();
  const { run, failure } = useAction(UpdateTermDocument);
  const removal = useAction(DeleteTermDocument);
  const [name, setName] = useState(term.name);
  const [deleting, setDeleting] = useState(false);
  const change = async (values: Omit<UpdateTermInput, "id">) => {
    await run({ id: term.id, ...values });
    onChanged();
  };
  const rename = () => {
    const wanted = name.trim();
    if (!wanted) setName(term.name);
    else if (wanted !== term.name) void change({ name: wanted });
  };
  return (
    <li className={styles.row} style={{ paddingInlineStart: depth * 22 }} data-depth={depth}>
      {editable && <Handle term={term} places={places} onHeld={onHeld} onMove={onMove} onAddBelow={onAddBelow} />}
      <ColorPick color={term.color} name={term.name} disabled={!editable} onPick={(color) => change({ color })} />
      <TextInput
        className={styles.name}
        aria-label={t("terms.name")}
        placeholder={t("terms.namePlaceholder")}
        readOnly={!editable}
        maxLength={120}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        onBlur={rename}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
      <Select
        w={92}
        aria-label={`${t("terms.hotkey")}: ${term.name}`}
        data={[{ value: NO_KEY, label: t("terms.hotkeyNone") }, ...HOTKEYS]}
        value={term.hotkey ?? NO_KEY}
        allowDeselect={false}
        disabled={!editable}
        onChange={(key) => change({ hotkey: key === NO_KEY ? null : key })}
      />
      {editable && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("terms.delete", { name: term.name })}
          onClick={() => setDeleting(true)}
        >
          <IconTrash size={16} />
        </ActionIcon>
      )}
      {failure && (
        <div className={styles.wide}>
          <FailureNote failure={failure} />
        </div>
      )}
      {deleting && (
        <ConfirmDialog
          title={t("terms.deleteTitle", { name: term.name })}
          text={t("terms.deleteText")}
          verb={t("common.remove")}
          busy={removal.busy}
          failure={removal.failure}
          onConfirm={async () => {
            if (await removal.run({ id: term.id })) onChanged();
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </li>
  );
}

const KEYS: Readonly<Record<string, Move>> = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" };

type HandleProps = Pick<RowProps, "term" | "places" | "onHeld" | "onMove" | "onAddBelow">;

/** Moves a term by the arrow keys, or by the menu it opens. */
function Handle({ term, places, onHeld, onMove, onAddBelow }: HandleProps) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-start" width={220}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          className={styles.handle}
          data-handle={term.id}
          aria-label={t("terms.move", { name: term.name })}
          onFocus={onHeld}
          onKeyDown={(event) => {
            const move = KEYS[event.key];
            if (move === undefined) return;
            event.preventDefault();
            event.stopPropagation();
            const place = places[move];
            if (place) onMove(place);
          }}
        >
          <IconGripVertical size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {MOVES.map((move) => {
          const place = places[move];
          return (
            <Menu.Item key={move} disabled={!place} onClick={() => place && onMove(place)}>
              {t(`terms.place.${move}`)}
            </Menu.Item>
          );
        })}
        <Menu.Divider />
        <Menu.Item onClick={onAddBelow}>{t("terms.addBelow")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface PickProps {
  readonly color: string;
  readonly name: string;
  readonly disabled: boolean;
  readonly onPick: (color: string) => void;
}

function ColorPick({ color, name, disabled, onPick }: PickProps) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus>
      <Popover.Target>
        <button
          type="button"
          className={styles.color}
          style={{ background: color }}
          disabled={disabled}
          aria-label={`${t("terms.color")}: ${name}`}
          onClick={() => setOpened((open) => !open)}
        />
      </Popover.Target>
      <Popover.Dropdown>
        <div className={styles.palette}>
          {COLORS.map((choice) => (
            <ColorSwatch
              key={choice}
              component="button"
              type="button"
              color={choice}
              size={26}
              aria-label={t("terms.pickColor", { color: choice })}
              onClick={() => {
                setOpened(false);
                onPick(choice);
              }}
            >
              {choice === color.toLowerCase() && <IconCheck size={14} color="#fff" />}
            </ColorSwatch>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
