using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IsoCatalog.Benchmarks.Api;

/// <summary>nginx with one folder of static files, one worker and everything that makes it fast.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private NginxProcess(Process process, IPEndPoint address)
    {
        _process = process;
        Address = address;
    }

    public IPEndPoint Address { get; }

    /// <param name="folder">Absolute; gets the configuration, and the files are in its subfolder <c>www</c>.</param>
    /// <exception cref="BenchmarkException">It is not installed, or does not start.</exception>
    public static async Task<NginxProcess> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var address = FreeAddress();
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            daemon off;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            worker_processes 1;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/nginx.log;
            events { worker_connections 1024; }
            http {
              access_log off; sendfile on; tcp_nopush on; gzip_static on; open_file_cache max=100; keepalive_requests 1000000000;
              default_type application/json;
              client_body_temp_path {{folder}}/t1; proxy_temp_path {{folder}}/t2; fastcgi_temp_path {{folder}}/t3;
              uwsgi_temp_path {{folder}}/t4; scgi_temp_path {{folder}}/t5;
              server { listen {{address}}; root {{folder}}/www; }
            }

            """,
            cancellationToken);
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("nginx", ["-e", Path.Combine(folder, "nginx.log"), "-p", folder, "-c", configuration]) { UseShellExecute = false },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            process.Dispose();
            throw new BenchmarkException("'nginx' cannot be started: install it (on Debian: apt install nginx-light).");
        }

        var nginx = new NginxProcess(process, address);
        var began = Stopwatch.GetTimestamp();
        while (!await IsUpAsync(address, cancellationToken))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(began) > Patience)
            {
                await nginx.DisposeAsync();
                throw new BenchmarkException("nginx did not start; its message is above.");
            }

            await Task.Delay(20, cancellationToken);
        }

        return nginx;
    }

    /// <summary>The tag of a file, for questions that are answered with 304.</summary>
    public async Task<string> TagAsync(string path, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler());
        using var answer = await client.GetAsync(new Uri($"http://{Address}{path}"), cancellationToken);
        return answer.Headers.ETag?.ToString() ?? throw new BenchmarkException($"nginx gives no ETag for {path}.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static IPEndPoint FreeAddress()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    private static async Task<bool> IsUpAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
