"""What libgovirt reads from an engine: every storage domain as `name id type data-centers files`."""
import sys

import gi

gi.require_version("GoVirt", "1.0")
from gi.repository import GoVirt

host, ca_file = sys.argv[1:]
proxy = GoVirt.Proxy.new(host)
if ca_file:
    proxy.set_property("ssl-ca-file", ca_file)
proxy.set_property("username", "admin@internal")
proxy.set_property("password", "simulated")
api = proxy.fetch_api()
domains = api.get_storage_domains()
domains.fetch(proxy)
for name, domain in sorted(domains.get_resources().items()):
    files = domain.get_files()
    listed = "-"
    if files is not None:
        files.fetch(proxy)
        listed = ",".join(sorted(files.get_resources())) or "none"
    print(name, domain.props.guid, domain.props.type.value_nick, ",".join(domain.props.data_center_ids), listed)
