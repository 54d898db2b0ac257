using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace IsoCatalog.IntegrationTests.Telemetry;

/// <summary>A real Prometheus on loopback, ended with the test.</summary>
internal sealed class RunningPrometheus : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private RunningPrometheus(string config, string data, int port)
    {
        Api = new Uri($"http://127.0.0.1:{port}/api/v1/");
        var start = new ProcessStartInfo(
            "/usr/bin/prometheus", [$"--config.file={config}", $"--storage.tsdb.path={data}", $"--web.listen-address=127.0.0.1:{port}"])
        {
            RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false,
        };
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += Hear;
        _process.ErrorDataReceived += Hear;
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Starts it on a configuration and waits until it is ready.</summary>
    /// <param name="folder">Keeps the configuration and the data.</param>
    public static async Task<RunningPrometheus> StartAsync(string folder, string configuration, HttpClient client, CancellationToken cancellationToken)
    {
        var config = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(config, configuration, cancellationToken);

        // Prometheus cannot be told port 0 and say which it got, so another program may take the port in between: then another is tried.
        for (var attempt = 1; ; attempt++)
        {
            var running = new RunningPrometheus(config, Path.Combine(folder, $"data{attempt}"), FreePort());
            if (await running.IsReadyAsync(client, Deadline, cancellationToken))
            {
                return running;
            }

            await running.StopAsync();
            running.Dispose();
            Assert.True(attempt < 3, running.Said);
        }
    }

    public Uri Api { get; }

    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient client, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!_process.HasExited && watch.Elapsed < deadline)
        {
            try
            {
                using var ready = await client.GetAsync(new Uri(Api, "/-/ready"), cancellationToken);
                if (ready.IsSuccessStatusCode)
                {
                    return true;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await again.WaitForNextTickAsync(cancellationToken);
        }

        return false;
    }

    public async Task StopAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public void Dispose() => _process.Dispose();

    private void Hear(object sender, DataReceivedEventArgs line)
    {
        lock (_said)
        {
            _said.AppendLine(line.Data);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
