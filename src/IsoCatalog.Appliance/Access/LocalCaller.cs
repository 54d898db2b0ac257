using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IsoCatalog.Core.Connections;
using IsoCatalog.Surfaces.Files;
using Microsoft.AspNetCore.Connections.Features;

namespace IsoCatalog.Appliance.Access;

/// <summary>
/// Who on this machine makes a request, as the kernel says it: of the Unix socket by SO_PEERCRED (unix(7)), of a loopback connection by the owner of its other end in
/// /proc/net/tcp (proc(5)). Somebody elsewhere who comes through a program on this machine has the rights of that program's user, and none if it says that it is a proxy.
/// </summary>
internal static class LocalCaller
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <returns>Null when it comes from elsewhere, or nobody can say who it is.</returns>
    public static LocalUser? Of(HttpContext http)
    {
        var request = AccessRequest.Of(http, null);
        if (request.OnSocket)
        {
            return OfSocket(http.Features.Get<IConnectionSocketFeature>()!.Socket);
        }

        return !request.ThroughProxy && request is { Remote: { } remote, Local: { } local } && IPAddress.IsLoopback(remote) && IPAddress.IsLoopback(local.Address)
            ? OfLoopback(new IPEndPoint(HostAddress.Plain(remote), http.Connection.RemotePort), new IPEndPoint(HostAddress.Plain(local.Address), local.Port))
            : null;
    }

    private static LocalUser OfSocket(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        return new LocalUser(BitConverter.ToUInt32(credentials[4..]), BitConverter.ToUInt32(credentials[8..]));
    }

    private static LocalUser? OfLoopback(IPEndPoint client, IPEndPoint ours)
    {
        foreach (var line in Tables.Where(File.Exists).SelectMany(File.ReadLines).Skip(1))
        {
            var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length > 7 && Parse(columns[1])?.Equals(client) is true && Parse(columns[2])?.Equals(ours) is true
                && uint.TryParse(columns[7], NumberStyles.None, CultureInfo.InvariantCulture, out var user))
            {
                return new LocalUser(user, null);
            }
        }

        return null;
    }

    /// <summary>Hexadecimal words of the machine's own order, a colon, the port.</summary>
    private static IPEndPoint? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is not (8 or 32) || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var bytes = Convert.FromHexString(text.AsSpan(0, colon));
        for (var word = 0; word < bytes.Length && BitConverter.IsLittleEndian; word += 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(word), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(word)));
        }

        return new IPEndPoint(HostAddress.Plain(new IPAddress(bytes)), port);
    }
}
