# An agent host's end of the log channel: the agent's lines go to the shell host, and wait on disk while it is away.
# Inputs: agent_id, shell_host, log_server, log_ca, log_cert, log_key.

log_tls=/etc/convocate-agent/rsyslog-tls

# The journal knows which unit a line is from; what others say they are does not matter. It also has what was written while rsyslog
# was not running. All that is read there is in rsyslog already by the usual way: the rest is dropped.
client_settings() {
  cat <<EOF
# Written by convocate.
module(load="imjournal" stateFile="convocate-journal" ratelimit.interval="0")
template(name="convocate_own_line" type="string"
  string="%timereported:::date-rfc3339% %syslogtag%%msg:::sp-if-no-1st-sp%%msg:::drop-last-lf%\n")
if \$inputname == "imjournal" then {
  if \$!_SYSTEMD_UNIT == "convocate-agent.service" then {
$(cat)
  }
  stop
}
EOF
}

# A shell host that is away for long costs 1 GiB, and after that the newest lines; never a wait of whatever else logs here.
forward_action() {
  cat <<EOF
    action(type="omfwd" target="$shell_host" port="514" protocol="tcp" tcp_framing="octet-counted"
      template="RSYSLOG_SyslogProtocol23Format"
      streamDriver="ossl" streamDriverMode="1" streamDriverAuthMode="x509/name" streamDriverPermittedPeers="$log_server"
      streamDriver.caFile="$log_tls/ca.pem" streamDriver.certFile="$log_tls/cert.pem" streamDriver.keyFile="$log_tls/key.pem"
      gnutlsPriorityString="MinProtocol=TLSv1.2
CipherString=ECDHE+AESGCM:ECDHE+CHACHA20"
      queue.type="LinkedList" queue.size="20000" queue.timeoutEnqueue="100" queue.saveOnShutdown="on"
      queue.filename="convocate-logs" queue.spoolDirectory="/var/spool/rsyslog" queue.maxDiskSpace="1g"
      action.resumeRetryCount="-1" action.resumeInterval="2" action.resumeIntervalMax="30")
EOF
}

# On the shell host itself, in the same form and the same file as if they had come from elsewhere.
file_action() {
  cat <<EOF
    action(type="omfile" file="/var/log/convocate-agent/$agent_id.log" template="convocate_own_line" fileCreateMode="0640"
      rotation.sizeLimit="67108864" rotation.sizeLimitCommand="/usr/local/lib/convocate/rotate-agent-logs")
EOF
}

send_logs() {
  local settings=/etc/rsyslog.d/10-convocate-client.conf
  adapt_to_ubuntu /etc/convocate-agent
  if [ -z "$log_key" ]; then
    rm -rf "$log_tls"
    file_action | client_settings | settle "$settings" local
  else
    log_files "$log_tls" cert.pem key.pem
    forward_action | client_settings | settle "$settings" "$(cat "$log_tls"/*.pem | sha256sum)"
  fi
}
