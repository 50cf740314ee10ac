"""Whoever makes a workspace is killed with -9 at each step of it, once the step is done and before that is noted: API processes, and for
workspaces with databases of their own those that make databases. Each wish comes to one workspace that is whole, and to one database or
none; nothing is left over, and the same wish again is the same operation."""

import json
import subprocess

from fleet import SERVER, Client, Site, need, postgres_program, say, until

PASSWORD = "correct horse battery"
STEPS = {
    "pooled": ["create", "schema", "seed", "first_user", "register", "verify"],
    "dedicated": ["create", "database", "schema", "seed", "first_user", "register", "verify"],
}
# Of advisory locks: whoever has done a step waits for that of its number before it is noted.
GATE = 7
HOLD = f"""
CREATE FUNCTION control.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_advisory_xact_lock({GATE}, OLD.step); RETURN NEW; END $$;
CREATE TRIGGER hold BEFORE UPDATE ON control.operations FOR EACH ROW WHEN (NEW.step > OLD.step) EXECUTE FUNCTION control.hold()
"""


class Gate:
    """Holds up whoever has done a step, until it is left."""

    def __init__(self, site, step):
        self.site, self.step = site, step
        command = [postgres_program("psql"), "-XAtq", SERVER]
        self.holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        self.holder.stdin.write(f"SELECT 'held' FROM pg_advisory_lock({GATE}, {self.step});\n")
        self.holder.stdin.flush()
        need(self.holder.stdout.readline() == "held\n", "the gate was not closed")
        return self

    def __exit__(self, *_):
        self.holder.stdin.close()
        self.holder.wait()

    def until_somebody_waits(self):
        waits = f"pg_locks WHERE locktype = 'advisory' AND classid = {GATE} AND objid = {self.step} AND NOT granted"
        until(lambda: self.site.count(waits), f"step {self.step} to be done")


class Ground:
    def __init__(self, site):
        self.site, self.kills = site, 0
        site.command("admin", "create", "admin@example.com", "--name", "Admin", given=PASSWORD)
        site.sql(HOLD)
        self.begin()
        answer = self.client().ask(self.url, "POST", "/api/v1/session", {"email": "admin@example.com", "password": PASSWORD})
        need(answer.status == 200, f"the log-in: {answer}")
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def begin(self):
        """Who makes workspaces: one API process, and one process that makes databases."""
        self.makers = [self.site.serve(), self.site.start("provision", CAPSTAN_CREATOR_URL=SERVER)]
        self.url = self.makers[0].ready["url"]

    def die(self):
        for maker in self.makers:
            maker.kill()
            self.kills += 1
        self.begin()

    def client(self):
        return Client()

    def ask(self, method, path, body=None, **headers):
        return self.client().ask(self.url, method, f"/api/v1{path}", body, Cookie=self.cookie, **headers)

    def wish(self, slug, placement):
        """The answer to the wish for a workspace; the same wish each time."""
        body = {"slug": slug, "name": "Dies", "placement": placement, "owner": {"email": f"owner-of-{slug}@example.com"}}
        return self.ask("POST", "/platform/tenants", body, Idempotency_Key=slug)

    def killed_at(self, placement, step):
        """Has whoever makes it die at a step; the rest is done by others. The workspace is whole in the end."""
        slug = f"{placement}-{step}"
        with Gate(self.site, step) as gate:
            answer = self.wish(slug, placement)
            need(answer.status == 202, f"{slug}: {answer}")
            operation = answer.json()["id"]
            gate.until_somebody_waits()
            self.die()
        until(lambda: self.ask("GET", f"/operations/{operation}").json()["status"] in ("completed", "failed"), f"{slug} to be made")
        again = self.wish(slug, placement)
        told = again.json()
        need((again.status, told["id"], told["status"]) == (200, operation, "completed"), f"{slug}: {again}")
        of_it = f"JOIN workspaces w USING (workspace_id) WHERE w.slug = '{slug}'"
        for what, query in {
            "workspaces": f"workspaces WHERE slug = '{slug}' AND state = 'active' AND placement = '{placement}'",
            "members": f"members m {of_it}",
            "owners": f"users u JOIN members m USING (user_id) {of_it} AND m.role = 'owner' AND u.email LIKE 'owner-of-{slug}@%'",
            "plans": f"workspace_plans p {of_it}",
            "operations": f"operations WHERE request ->> 'slug' = '{slug}'",
            "moves to active": f"tenant_transitions t {of_it} AND t.to_state = 'active'",
        }.items():
            found = self.site.count(query)
            need(found == 1, f"{slug} has {found} {what}")


def databases(site):
    """Names of those that were made for a workspace."""
    return site.sql("SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') LIKE 'Capstan operation %' ORDER BY 1")


def main():
    before = None
    with Site() as site:
        before = set(databases(site))
        ground = Ground(site)
        for placement, steps in STEPS.items():
            for step, name in enumerate(steps):
                ground.killed_at(placement, step)
                say(f"killed at {name} of a {placement} workspace: it was made by others, once")
        made = set(databases(site)) - before
        known = set(site.sql("SELECT database_name FROM cells WHERE database_name IS NOT NULL"))
        need(made == known and len(made) == len(STEPS["dedicated"]), f"databases: {made}; of workspaces: {known}")
        for maker in ground.makers:
            maker.end()
    print(json.dumps({"wishes": sum(map(len, STEPS.values())), "kills": ground.kills, "databases": len(made), "orphans": len(made - known)}))


main()
