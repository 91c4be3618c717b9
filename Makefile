# make run: the demonstration. make test: every test. Nothing to prepare but Python 3.11 or newer.
LOCAL = python -m avip.local
RUNTIME = @.ci/bootstrap runtime
DEV = @.ci/bootstrap dev
DEPLOYED = DJANGO_SETTINGS_MODULE=avip.settings AVIP_MODE=production \
  AVIP_BASE_URL=https://avip.example.fr ALLOWED_HOSTS=avip.example.fr \
  EMAIL_URL=smtp://localhost AVIP_SMS_BACKEND=operateur.send

.PHONY: help run reset manage test test-fast test-long test-one bench check format

help:
	@echo "make run          la démonstration complète, en local (PORT=8000)"
	@echo "make reset        tout effacer et repartir de zéro"
	@echo "make manage C=…   une commande manage.py sur la base de la démonstration"
	@echo "make test         tous les tests, navigateur compris"
	@echo "make test-fast    sans navigateur, sans PDF, sans pannes"
	@echo "make test-long    tous, avec les longues séries"
	@echo "make test-one T=… un fichier ou un test"
	@echo "make check        les règles du code    make format  mettre en forme"
	@echo "make bench        les mesures"

run:
	$(RUNTIME) $(LOCAL) run

reset:
	$(RUNTIME) $(LOCAL) reset

manage:
	$(RUNTIME) $(LOCAL) manage $(C)

test:
	$(DEV) $(LOCAL) test

test-fast:
	$(DEV) $(LOCAL) test-fast

test-long:
	$(DEV) $(LOCAL) test-long

test-one:
	$(DEV) $(LOCAL) with-servers -- python -m pytest -q $(T)

bench:
	$(DEV) $(LOCAL) with-servers -- python -m tests.bench

check:
	$(DEV) sh -ec 'ruff check .; ruff format --check .; djlint --quiet --check --lint templates'
	$(DEV) $(LOCAL) with-servers -- sh -ec '\
	  python manage.py makemigrations --check --dry-run; \
	  $(DEPLOYED) SECRET_KEY=$$(python -c "import secrets; print(secrets.token_hex(32))") python manage.py check --deploy --fail-level WARNING; \
	  python -m pytest -q tests/test_conventions.py'

format:
	$(DEV) ruff check --fix .
	$(DEV) ruff format .
	$(DEV) djlint --quiet --reformat templates
