# What cloud-init does elsewhere: settings, keys and scripts into their places, then the node.
cd /etc/jeroboam || exit 1
umask 077
unit=/etc/systemd/system/jeroboam.service
chmod 600 "$unit"
sed -n 's/^Settings=//p' "$unit" | tr ';' '\n' >node.settings
cat node.settings group.settings >settings
tar -xzf secrets.tgz
rm -f files.tgz secrets.tgz
exec bash node.sh
