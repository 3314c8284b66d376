import styles from "./Avatar.module.css";

interface Person {
  readonly name: string;
  readonly color: string;
}

interface Props {
  readonly person: Person;
  readonly size?: number;
  /** A ring, for who is followed or speaks. */
  readonly ring?: boolean;
}

/** A person's first letter on their own pastel. */
export function Avatar({ person, size = 26, ring = false }: Props) {
  return (
    <span
      className={styles.avatar}
      data-ring={ring || undefined}
      title={person.name}
      style={{ background: person.color, width: size, height: size, fontSize: Math.round(size * 0.44) }}
      aria-hidden
    >
      {[...person.name.trim()][0]?.toUpperCase() ?? "?"}
    </span>
  );
}

interface StackProps {
  readonly people: readonly (Person & { readonly id: string })[];
  readonly most?: number;
  readonly size?: number;
}

/** Overlapping avatars, the rest as a number. */
export function AvatarStack({ people, most = 4, size = 24 }: StackProps) {
  const rest = people.length - most;
  return (
    <span className={styles.stack} role="img" aria-label={people.map((person) => person.name).join(", ")}>
      {people.slice(0, most).map((person) => (
        <Avatar key={person.id} person={person} size={size} />
      ))}
      {rest > 0 && (
        <span className={styles.rest} style={{ height: size, minWidth: size }} aria-hidden>
          +{rest}
        </span>
      )}
    </span>
  );
}
