using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Tls;

namespace IsoCatalog.Swarm.Peers;

/// <summary>The handshake of <see cref="PinnedTls"/> on a socket, in records as large as a block.</summary>
internal static class PeerTls
{
    /// <param name="isKnown">Whether the other side's key may speak with us.</param>
    /// <returns>The stream, and the key of the other side.</returns>
    /// <exception cref="AuthenticationException">The other side is not who it must be.</exception>
    /// <exception cref="PeerRefusedException">The other side speaks something else.</exception>
    public static async Task<(SslStream Stream, Sha256Digest Key)> AsServerAsync(
        Socket socket, SslStreamCertificateContext own, Func<Sha256Digest, bool> isKnown, CancellationToken cancellationToken)
    {
        var asked = false;
        try
        {
            return await GreetAsync(
                socket,
                stream => stream.AuthenticateAsServerAsync(
                    PinnedTls.ForServer(own, key =>
                    {
                        asked = true;
                        return key is { } shown && isKnown(shown);
                    }),
                    cancellationToken));
        }
        catch (AuthenticationException e) when (!asked)
        {
            throw new PeerRefusedException(CutReason.BadHandshake, $"it does not speak TLS as we do ({e.Message})");
        }
    }

    /// <inheritdoc cref="AsServerAsync"/>
    public static async Task<SslStream> AsClientAsync(
        Socket socket, SslStreamCertificateContext own, Func<Sha256Digest, bool> isKnown, CancellationToken cancellationToken) =>
        (await GreetAsync(
            socket,
            stream => stream.AuthenticateAsClientAsync(PinnedTls.ForClient(own, key => key is { } shown && isKnown(shown)), cancellationToken))).Stream;

    private static async Task<(SslStream Stream, Sha256Digest Key)> GreetAsync(Socket socket, Func<SslStream, Task> shakeHands)
    {
        var records = new RecordStream(socket);
        var stream = new SslStream(records);
        await shakeHands(stream);
        records.Gather = true;
        return (stream, PinnedTls.KeyOf(stream.RemoteCertificate) ?? throw new AuthenticationException("The other side showed no certificate."));
    }
}
