SYSTEM = 'You are a helpful assistant.'
custom_hooks = [
    dict(
        tokenizer=dict(
            padding_side='right',
            pretrained_model_name_or_path='./tiny',
            trust_remote_code=True,
            type='transformers.AutoTokenizer.from_pretrained'),
        type='xtuner.engine.hooks.DatasetInfoHook'),
    dict(
        configs=dict(
            firm=dict(repetition_penalty=1.2),
            greedy=dict(do_sample=False, max_new_tokens=40),
            plain=dict()),
        evaluation_inputs=[
            '请给我介绍五个上海的景点',
            'Please tell me five scenic spots in Shanghai',
        ],
        every_n_iters=4,
        max_new_tokens=80,
        prompt_template='xtuner.utils.PROMPT_TEMPLATE.internlm2_chat',
        raise_while_looping=dict(firm=dict(most=1.5, step=0.1)),
        schedules=dict(greedy=[
            (
                8,
                dict(repetition_penalty=1.3),
            ),
        ]),
        seed=7,
        strategies=[
            dict(configs=[
                'plain',
                'firm',
            ], pattern='景点'),
        ],
        system='You are a helpful assistant.',
        tokenizer=dict(
            padding_side='right',
            pretrained_model_name_or_path='./tiny',
            trust_remote_code=True,
            type='transformers.AutoTokenizer.from_pretrained'),
        type='auditor.xtuner.hook.EvaluateRepetitionHook',
        warn_at=0.4),
]
data_files = [
    './data/conv.jsonl',
]
default_hooks = dict(
    checkpoint=dict(
        by_epoch=False,
        interval=5,
        max_keep_ckpts=2,
        type='mmengine.hooks.CheckpointHook'),
    logger=dict(
        interval=2,
        log_metric_by_epoch=False,
        type='mmengine.hooks.LoggerHook'),
    param_scheduler=dict(type='mmengine.hooks.ParamSchedulerHook'),
    sampler_seed=dict(type='mmengine.hooks.DistSamplerSeedHook'),
    timer=dict(type='mmengine.hooks.IterTimerHook'))
env_cfg = dict(
    cudnn_benchmark=False,
    dist_cfg=dict(backend='nccl'),
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
evaluation_freq = 4
evaluation_inputs = [
    '请给我介绍五个上海的景点',
    'Please tell me five scenic spots in Shanghai',
]
generation_kwargs = dict(repetition_penalty=1.5)
launcher = 'none'
load_from = None
log_level = 'INFO'
log_processor = dict(by_epoch=False)
max_length = 256
model = dict(
    llm=dict(
        pretrained_model_name_or_path='./tiny',
        trust_remote_code=True,
        type='transformers.AutoModelForCausalLM.from_pretrained'),
    type='xtuner.model.SupervisedFinetune',
    use_varlen_attn=False)
optim_wrapper = dict(
    optimizer=dict(lr=0.001, type='torch.optim.AdamW'),
    type='mmengine.optim.OptimWrapper')
param_scheduler = [
    dict(
        begin=0,
        by_epoch=True,
        convert_to_iter_based=True,
        end=1,
        eta_min=0.0,
        type='mmengine.optim.CosineAnnealingLR'),
]
pretrained_model_name_or_path = './tiny'
prompt_template = 'xtuner.utils.PROMPT_TEMPLATE.internlm2_chat'
randomness = dict(deterministic=False, seed=0)
resume = False
tokenizer = dict(
    padding_side='right',
    pretrained_model_name_or_path='./tiny',
    trust_remote_code=True,
    type='transformers.AutoTokenizer.from_pretrained')
train_cfg = dict(max_epochs=1, type='xtuner.engine.runner.TrainLoop')
train_dataloader = dict(
    batch_size=4,
    collate_fn=dict(type='xtuner.dataset.collate_fns.default_collate_fn'),
    dataset=dict(
        dataset=dict(
            data_files=[
                './data/conv.jsonl',
            ],
            path='json',
            type='datasets.load_dataset'),
        dataset_map_fn=None,
        map_num_proc=1,
        max_length=256,
        pack_to_max_length=False,
        remove_unused_columns=True,
        shuffle_before_pack=True,
        template_map_fn=dict(
            template='xtuner.utils.PROMPT_TEMPLATE.internlm2_chat',
            type='xtuner.dataset.map_fns.template_map_fn_factory'),
        tokenizer=dict(
            padding_side='right',
            pretrained_model_name_or_path='./tiny',
            trust_remote_code=True,
            type='transformers.AutoTokenizer.from_pretrained'),
        type='xtuner.dataset.process_hf_dataset'),
    num_workers=0,
    sampler=dict(shuffle=True, type='mmengine.dataset.DefaultSampler'))
train_dataset = dict(
    dataset=dict(
        data_files=[
            './data/conv.jsonl',
        ],
        path='json',
        type='datasets.load_dataset'),
    dataset_map_fn=None,
    map_num_proc=1,
    max_length=256,
    pack_to_max_length=False,
    remove_unused_columns=True,
    shuffle_before_pack=True,
    template_map_fn=dict(
        template='xtuner.utils.PROMPT_TEMPLATE.internlm2_chat',
        type='xtuner.dataset.map_fns.template_map_fn_factory'),
    tokenizer=dict(
        padding_side='right',
        pretrained_model_name_or_path='./tiny',
        trust_remote_code=True,
        type='transformers.AutoTokenizer.from_pretrained'),
    type='xtuner.dataset.process_hf_dataset')
visualizer = None
work_dir = 'wd0123'
