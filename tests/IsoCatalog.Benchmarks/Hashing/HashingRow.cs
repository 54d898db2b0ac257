namespace IsoCatalog.Benchmarks.Hashing;

/// <summary>Our hashing of a file beside <c>openssl dgst -sha256</c> of the same file, both reading it from the page cache.</summary>
internal abstract class HashingRow(Processor processor) : BenchmarkRow
{
    private string _image = "";

    public override string PeerName => processor.Openssl;

    public override string Unit => "MB/s";

    public override bool Applies => processor.Applies;

    /// <summary>What our child process is to do with the file.</summary>
    protected abstract string Work { get; }

    protected Processor Processor => processor;

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        await ChildProcess.RunAsync("openssl", ["version"], processor.Environment, cancellationToken);
        _image = await folder.ImageAsync(cancellationToken);
    }

    // A process of its own, because OpenSSL reads the environment once.
    public override async Task<double> OursAsync(CancellationToken cancellationToken)
    {
        var (output, _) = await ChildProcess.RunAsync(
            Path.ChangeExtension(typeof(HashingRow).Assembly.Location, null),
            [HashingChild.Verb, Work, _image],
            processor.Environment,
            cancellationToken);
        return Rate(double.Parse(output));
    }

    public override async Task<double> PeerAsync(CancellationToken cancellationToken)
    {
        var (_, elapsed) = await ChildProcess.RunAsync("openssl", ["dgst", "-sha256", _image], processor.Environment, cancellationToken);
        return Rate(elapsed.TotalSeconds);
    }

    private double Rate(double seconds) => new FileInfo(_image).Length / 1e6 / seconds;
}
