"""One end of a transfer with libtorrent 2.0 (Debian's python3-libtorrent), set up to be as fast as it goes between two known hosts.

make FILE PIECE_LENGTH TORRENT [CA]             writes the torrent (BitTorrent v2) of a file; with the CA it is a TLS torrent
seed TORRENT FOLDER [CERTIFICATE KEY]           says "port N" and serves until its standard input ends
fetch TORRENT FOLDER PORT [CERTIFICATE KEY]     fetches from 127.0.0.1, verified, and says "seconds N"
"""
import os
import sys
import time

import libtorrent as lt

# No discovery and no encryption; TCP alone; no limits; enough in flight for any speed that this machine reaches.
SETTINGS = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_incoming_utp": False, "enable_outgoing_utp": False,
    "in_enc_policy": lt.enc_policy.disabled, "out_enc_policy": lt.enc_policy.disabled,
    "allow_multiple_connections_per_ip": True, "no_connect_privileged_ports": False,
    "download_rate_limit": 0, "upload_rate_limit": 0, "unchoke_slots_limit": -1, "connections_limit": 1000,
    "send_buffer_watermark": 64 << 20, "send_buffer_low_watermark": 4 << 20, "send_buffer_watermark_factor": 200,
    "max_queued_disk_bytes": 256 << 20, "max_out_request_queue": 4000, "max_allowed_in_request_queue": 8000, "request_queue_time": 10,
    "aio_threads": 8, "hashing_threads": 2, "file_pool_size": 64, "suggest_mode": lt.suggest_mode_t.no_piece_suggestions,
    "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.status_notification | lt.alert.category_t.peer_notification,
}


def session(tls):
    return lt.session({**SETTINGS, "listen_interfaces": "127.0.0.1:0" + ("s" if tls else "")})


def add(ses, torrent, folder, flags, identity):
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = folder
    parameters.flags = (parameters.flags | flags) & ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    handle = ses.add_torrent(parameters)
    if identity:
        handle.set_ssl_certificate(identity[0], identity[1], "", "")
    return handle


def port(ses):
    # The alert, because Python is not told the TLS port in any other way.
    deadline = time.monotonic() + 10
    failures = []
    while time.monotonic() < deadline:
        ses.wait_for_alert(100)
        for alert in ses.pop_alerts():
            if isinstance(alert, lt.listen_succeeded_alert):
                return alert.port
            failures.append(alert.message())
    sys.exit("libtorrent did not listen: " + "; ".join(failures))


def make(path, piece_length, torrent, ca=None):
    files = lt.file_storage()
    lt.add_files(files, path)
    creator = lt.create_torrent(files, int(piece_length), lt.create_torrent_flags_t.v2_only)
    lt.set_piece_hashes(creator, os.path.dirname(path))
    if ca:
        with open(ca) as pem:
            creator.set_root_cert(pem.read())
    with open(torrent, "wb") as out:
        out.write(lt.bencode(creator.generate()))


def seed(torrent, folder, *identity):
    ses = session(bool(identity))
    # It need not read the file first to know that it has it.
    add(ses, torrent, folder, lt.torrent_flags.seed_mode, identity)
    print("port", port(ses), flush=True)
    sys.stdin.read()


def fetch(torrent, folder, seeder, *identity):
    ses = session(bool(identity))
    port(ses)
    began = time.monotonic()
    handle = add(ses, torrent, folder, lt.torrent_flags.update_subscribe, identity)
    connected = False
    while True:
        # A status costs little beside a sleep that is too long.
        status = handle.status()
        if status.state == lt.torrent_status.seeding:
            break
        if not connected and status.state in (lt.torrent_status.downloading, lt.torrent_status.downloading_metadata):
            handle.connect_peer(("127.0.0.1", int(seeder)))
            connected = True
        if status.errc.value() or time.monotonic() - began > 600 or (status.num_peers == 0 and time.monotonic() - began > 15):
            sys.exit(f"libtorrent did not get the file: {status.errc.message()} " + "; ".join(a.message() for a in ses.pop_alerts()))
        time.sleep(0.005)
    print("seconds", time.monotonic() - began, flush=True)


{"make": make, "seed": seed, "fetch": fetch}[sys.argv[1]](*sys.argv[2:])
