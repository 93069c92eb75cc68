package events

var users = []string{"root", "admin", "anna", "deploy", "www-data", "jonas", "backup", "m.keller", "git", "postgres", "oracle",
	"svc-build", "li", "test", "ubuntu", "ftp", "guest", "nagios", "pi", "support", "hadoop", "jenkins", "tomcat", "minecraft"}

var domains = []string{"example.com", "example.org", "mail.example.net", "shop.example.com", "cdn.example.net", "corp.example",
	"intra.example", "static.example.org", "news.example.com", "partner.example.net"}

var paths = []string{"/api/v2/orders/", "/api/v2/customers/search?page=", "/login?next=", "/articles/", "/basket/add/", "/health?",
	"/api/v1/stock/", "/img/", "/wp-login.php?", "/api/v2/invoices/"}

var directories = []string{"/usr/local/bin/", "/srv/data/", "/etc/cron.daily/", "/var/spool/jobs/", "/opt/shop/lib/", "/home/deploy/",
	"/var/lib/backup/", "/mnt/archive/2026/"}

var words = []string{"rotate", "export", "customers", "ledger", "sync", "index", "thumbnail", "session", "report", "cleanup",
	"metrics", "inventory", "schema", "journal", "mirror", "ticket", "lock", "prices", "audit", "upload", "bundle", "vendor", "main", "theme"}

var endings = []string{".sh", ".js", ".css", ".tar.zst", ".py", "", ".json", ".png"}

var units = []string{"apt-daily.service", "logrotate.service", "phpsessionclean.service", "session-c1.scope", "man-db.service",
	"fstrim.service", "certbot.service", "orders.service", "user@1000.service", "systemd-tmpfiles-clean.service", "nginx.service",
	"run-docker-runtime.mount", "sysstat-collect.service", "e2scrub_all.service"}

var tables = []string{"orders", "customers", "order_items", "stock", "prices", "sessions", "invoices", "audit_log", "articles", "carts"}
