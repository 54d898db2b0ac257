using System.Diagnostics;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

/// <summary>The real program, as a process of its own.</summary>
internal static class Isocatalog
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    /// <summary>It lies beside the tests.</summary>
    public static string Assembly { get; } = Path.Combine(Path.GetDirectoryName(typeof(Isocatalog).Assembly.Location)!, "isocatalog.dll");

    public static Task<ProgramResult> RunAsync(params string[] arguments) => RunAsync([], arguments);

    public static async Task<ProgramResult> RunAsync((string Name, string Value)[] environment, params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Deadline);
        using var process = Start(environment, arguments);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new ProgramResult(process.ExitCode, await output, await error);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    public static Process Start((string Name, string Value)[] environment, params string[] arguments)
    {
        // Whoever started the tests in the background of a shell made them ignore Ctrl-C, and what they start would inherit that.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", Counterpart.Require("dotnet"), Assembly, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment.Remove("ISOCATALOG_CONFIG");
        start.Environment.Remove("ISOCATALOG_SOCKET");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException("isocatalog did not start.");
    }
}
