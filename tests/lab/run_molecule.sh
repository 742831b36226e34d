#!/bin/sh
# run_molecule.sh SCENARIO...: runs Molecule scenarios on test hosts of tests/lab/lab.py. Needs root, the packages of
# set "tests" of role packages and the guest image (playbooks/setup.yml makes both sure), and Molecule on the PATH or in
# .venv.
set -eu
cd "$(dirname "$0")/../.."

[ ! -d .venv/bin ] || PATH=$PWD/.venv/bin:$PATH  # molecule calls ansible-config by its name
export PATH ANSIBLE_ROLES_PATH="$PWD/roles" ANSIBLE_COLLECTIONS_PATH="$PWD/collections"
# The state of scenarios stays in the checkout's var/, not in the home directory.
export MOLECULE_EPHEMERAL_DIRECTORY="$PWD/var/lab/molecule" ANSIBLE_HOME="$PWD/var/lab/ansible"

ansible-playbook playbooks/setup.yml -e '{"setup_package_sets": ["service", "tests"]}'
for scenario in "${@:-kvm_host}"; do
    molecule --base-config molecule/shared/molecule.yml test --scenario-name "$scenario"
done
