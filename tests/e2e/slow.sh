# A thousand slow clients: the packaged nginx in front keeps them from those who ask properly, and a node alone
# refuses a body that drips.
. "$(dirname "$0")/lib.sh"
start_node box 330106005055 community
command -v nginx >/dev/null || PATH=$PATH:/usr/sbin

# the packaged configuration, on ports and with a certificate of this test's own
front=$((PORT0 + 40))
mkdir -p "$E2E/nginx"
openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=linli.example -keyout "$E2E/nginx/key.pem" \
    -out "$E2E/nginx/fullchain.pem" 2>/dev/null
sed -e "s/server 127.0.0.1:8080/server 127.0.0.1:${node_port[box]}/; s/^    listen 80;/    listen 127.0.0.1:$((front + 1));/" \
    -e "s/^    listen 443 ssl http2;/    listen $front ssl http2;/; /listen \[::\]/d" \
    -e "s#/etc/ssl/linli/#$E2E/nginx/#" packaging/nginx.conf >"$E2E/nginx/site.conf"
cat >"$E2E/nginx/nginx.conf" <<N
daemon off; pid $E2E/nginx/pid; error_log $E2E/nginx.log; worker_processes 1; worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http { access_log off; client_body_temp_path $E2E/nginx/body; proxy_temp_path $E2E/nginx/proxy; fastcgi_temp_path $E2E/nginx/f;
       uwsgi_temp_path $E2E/nginx/u; scgi_temp_path $E2E/nginx/s; include $E2E/nginx/site.conf; }
N
nginx -c "$E2E/nginx/nginx.conf" 2>>"$E2E/nginx.log" &
link_pid[nginx]=$!
https() { curl -fsSk --max-time 2 -o /dev/null "https://127.0.0.1:$front/sync/v1/hello"; }
WITHIN=10 eventually https || die "nginx does not answer: $(tail -n 3 "$E2E/nginx.log")"

ok "pages come through the packaged nginx" bash -c "curl -fsSk --compressed --max-time 5 https://127.0.0.1:$front/ | grep -q 'id=\"app\"'"
ok "99 of 100 who ask properly are answered within a second while 1,000 drip" \
    node tests/e2e/lib-slow.mjs "$front" tls 1000 100
node tests/e2e/lib-slow.mjs "${node_port[box]}" stall >"$E2E/stall" 2>&1 &
stall=$!
ok "a body that drips is given up with words" node tests/e2e/lib-slow.mjs "${node_port[box]}" body
ok "a node's body that stands still for a while is read to its end" eval 'wait "$stall" || { cat "$E2E/stall"; false; }'
