import { ActionIcon, Button, Modal, Select, Skeleton, Text, TextInput, Tooltip } from "@mantine/core";
import { IconUserMinus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { Avatar } from "../app/Avatar";
import { FailureNote, fieldError } from "../app/FailureNote";
import { useAction } from "../app/requests";
import { useSession } from "../app/session";
import { showToast } from "../app/toasts";
import {
  AddMemberDocument,
  ProjectMembersDocument,
  type ProjectMembersQuery,
  RemoveMemberDocument,
  type Role,
  UpdateMemberDocument,
} from "../gql/graphql";
import styles from "./MembersDialog.module.css";
import { manages, ROLES } from "./roles";

interface Props {
  readonly projectId: string;
  readonly onClose: () => void;
}

type Member = NonNullable<ProjectMembersQuery["project"]>["members"][number];

/** Who reads in a project, and as what. */
export function MembersDialog({ projectId, onClose }: Props) {
  const { t } = useTranslation();
  const [{ data }, reload] = useQuery({
    query: ProjectMembersDocument,
    variables: { id: projectId },
    requestPolicy: "cache-and-network",
  });
  const project = data?.project;
  const refresh = () => reload({ requestPolicy: "network-only" });
  const canManage = project ? manages(project.myRole) : false;
  return (
    <Modal
      opened
      size="lg"
      onClose={onClose}
      title={project ? t("members.title", { project: project.name }) : t("projects.members")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {project && canManage && <AddMember projectId={projectId} myRole={project.myRole} onAdded={refresh} />}
      {!project && <Skeleton height={120} />}
      <ul className={styles.list}>
        {project?.members.map((member) => (
          <MemberRow
            key={member.user.id}
            member={member}
            projectId={projectId}
            myRole={project.myRole}
            onChanged={refresh}
          />
        ))}
      </ul>
      {project && !canManage && (
        <Text c="dimmed" size="sm">
          {t("members.only")}
        </Text>
      )}
    </Modal>
  );
}

/** The roles one may give: only an owner makes owners. */
function useRoleOptions(myRole: Role) {
  const { t } = useTranslation();
  return ROLES.filter((role) => role !== "OWNER" || myRole === "OWNER").map((role) => ({
    value: role,
    label: t(`role.${role}`),
  }));
}

interface AddProps {
  readonly projectId: string;
  readonly myRole: Role;
  readonly onAdded: () => void;
}

function AddMember({ projectId, myRole, onAdded }: AddProps) {
  const { t } = useTranslation();
  const options = useRoleOptions(myRole);
  const { run, busy, failure } = useAction(AddMemberDocument);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("ANNOTATOR");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const added = await run({ projectId, email: email.trim(), role });
    if (!added) return;
    showToast(t("members.added", { name: added.user.name }));
    setEmail("");
    onAdded();
  };
  return (
    <form onSubmit={submit} className={styles.add}>
      <TextInput
        type="email"
        required
        withAsterisk={false}
        data-autofocus
        label={t("members.email")}
        description={t("members.emailHint")}
        placeholder="name@example.org"
        inputWrapperOrder={["label", "input", "description", "error"]}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={fieldError(failure, "email")}
      />
      <Select
        label={t("members.role")}
        data={options}
        value={role}
        allowDeselect={false}
        onChange={(value) => value && setRole(value as Role)}
        renderOption={({ option }) => <RoleOption role={option.value as Role} />}
        comboboxProps={{ width: 300, position: "bottom-end" }}
      />
      <Button type="submit" loading={busy} mt={24}>
        {t("members.add")}
      </Button>
      <div className={styles.wide}>
        <FailureNote failure={failure} except={["email"]} />
      </div>
    </form>
  );
}

function RoleOption({ role }: { readonly role: Role }) {
  const { t } = useTranslation();
  return (
    <span className={styles.role}>
      <strong>{t(`role.${role}`)}</strong>
      <span>{t(`role.explain.${role}`)}</span>
    </span>
  );
}

interface RowProps {
  readonly member: Member;
  readonly projectId: string;
  readonly myRole: Role;
  readonly onChanged: () => void;
}

function MemberRow({ member, projectId, myRole, onChanged }: RowProps) {
  const { t } = useTranslation();
  const { me } = useSession();
  const options = useRoleOptions(myRole);
  const update = useAction(UpdateMemberDocument);
  const remove = useAction(RemoveMemberDocument);
  const { user } = member;
  const mine = user.id === me.user.id;
  const mayChange = manages(myRole) && (member.role !== "OWNER" || myRole === "OWNER");
  const failure = update.failure ?? remove.failure;

  const changeRole = async (role: Role) => {
    remove.clear();
    await update.run({ projectId, userId: user.id, role });
    onChanged();
  };
  const takeOut = async () => {
    update.clear();
    if (!(await remove.run({ projectId, userId: user.id }))) return;
    showToast(t("members.removed", { name: user.name }));
    onChanged();
  };
  return (
    <li className={styles.row}>
      <Avatar person={user} size={32} />
      <span className={styles.who}>
        <strong>
          {user.name} {mine && <em>({t("members.you")})</em>}
        </strong>
        <span>{user.email}</span>
      </span>
      {mayChange ? (
        <Select
          w={140}
          aria-label={t("members.roleOf", { name: user.name })}
          data={options}
          value={member.role}
          allowDeselect={false}
          disabled={update.busy}
          onChange={(value) => value && changeRole(value as Role)}
          renderOption={({ option }) => <RoleOption role={option.value as Role} />}
          comboboxProps={{ width: 300, position: "bottom-end" }}
        />
      ) : (
        <span className={styles.fixed}>{t(`role.${member.role}`)}</span>
      )}
      {(mayChange || mine) && (
        <Tooltip label={mine ? t("members.leave") : t("members.remove", { name: user.name })}>
          <ActionIcon
            variant="subtle"
            color="gray"
            loading={remove.busy}
            aria-label={mine ? t("members.leave") : t("members.remove", { name: user.name })}
            onClick={takeOut}
          >
            <IconUserMinus size={17} />
          </ActionIcon>
        </Tooltip>
      )}
      {failure && (
        <div className={styles.wide}>
          <FailureNote failure={failure} />
        </div>
      )}
    </li>
  );
}
