using System.Net.Sockets;
using System.Text;

namespace IsoCatalog.Appliance;

/// <summary>
/// Tells the service manager how the site is (sd_notify(3)). Not Microsoft.Extensions.Hosting.Systemd: that says READY as soon as the web server listens, before a site has finished its start.
/// </summary>
/// <param name="socket">$NOTIFY_SOCKET: a path, or after <c>@</c> an abstract name. Null: nobody wants to know.</param>
internal sealed class StartNotice(string? socket)
{
    /// <summary>The site answers.</summary>
    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    public void Stopping() => Send("STOPPING=1\nSTATUS=Stopping.");

    /// <summary>Why it does not start; its last word.</summary>
    public void Failed(string why) => Send("STATUS=" + why.ReplaceLineEndings(" "));

    /// <summary>A manager that does not listen any more stops no site.</summary>
    private void Send(string state)
    {
        if (socket is not ['/' or '@', ..])
        {
            return;
        }

        try
        {
            using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            manager.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(socket[0] == '@' ? '\0' + socket[1..] : socket));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // There is nobody else to tell.
        }
    }
}
